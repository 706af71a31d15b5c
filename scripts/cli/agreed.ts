/** Asks at the terminal whether to go on. */
import { createInterface } from 'node:readline/promises';
import { stderr } from '../../shared/terminal.ts';
import { usage } from './usage.ts';

/** Whether this word was typed. Throws USAGE where there is no terminal to ask at. */
export async function agreed(word: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw usage('There is no terminal to ask for your consent at.', 'Add --yes if you mean it.');
  const terminal = createInterface({ input: process.stdin });
  try {
    stderr.ask(`Type "${word}" to go on: `);
    return (await terminal.question('')).trim() === word;
  } finally {
    terminal.close();
  }
}
