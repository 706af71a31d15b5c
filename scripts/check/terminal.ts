/** Checks that nothing but shared/terminal.ts writes to stdout and stderr: there, no name can act on a terminal. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from '../../shared/terminal.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The place itself, and what must import nothing before it knows the version of Node.js. */
const ALLOWED = new Set(['shared/terminal.ts', 'scripts/bin.ts']);

/** Ways to the two streams; `console` is refused by Biome too, but not where a comment asks it to look away. */
const WAYS =
  /\bprocess\s*(?:\.|\?\.|\[\W?)\s*(?:stdout|stderr|_rawDebug|emitWarning)\b|\bconsole\s*[.[?]|\/dev\/(?:tty|std)|\b(?:writeSync|writeFileSync|appendFileSync)\(\s*[12]\b/;

/** Where a file writes to a terminal by itself. */
export function terminalProblems(file: string, text: string): string[] {
  if (ALLOWED.has(file)) return [];
  return text.split('\n').flatMap((line, i) => (WAYS.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : []));
}

if (import.meta.main) {
  const files = globSync(['functions/**/*.ts', 'scripts/**/*.ts', 'shared/**/*.ts'], { cwd: ROOT });
  const problems = files
    .filter((file) => file !== 'scripts/check/terminal.ts')
    .flatMap((file) => terminalProblems(file, readFileSync(join(ROOT, file), 'utf8')));
  for (const problem of problems) stdout.line(`Write by shared/terminal.ts instead: ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
