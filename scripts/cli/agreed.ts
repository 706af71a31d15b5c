/** Asks at the terminal whether to go on. */
import { createInterface } from 'node:readline/promises';
import { usage } from './options.ts';

/** Whether this word was typed. Throws USAGE where there is no terminal to ask at. */
export async function agreed(word: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw usage('There is no terminal to ask for your consent at.', 'Add --yes if you mean it.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`Type "${word}" to go on: `)).trim() === word;
  } finally {
    terminal.close();
  }
}
