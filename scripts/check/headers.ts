/** Checks that every source file says in its first line what it is for. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stdout } from '../../shared/terminal.ts';

const ROOT = join(import.meta.dirname, '../..');

const SOURCES = ['functions/**/*.ts', 'scripts/**/*.ts', 'shared/**/*.ts'];
/** Says so in its own way. */
const GENERATED = 'shared/client/api.ts';
/** A comment for readers, after the line that names the interpreter where there is one. */
const HEADER = /^(#!.*\n)?\/\*\*/;

const problems = globSync(SOURCES, { cwd: ROOT })
  .filter((file) => file !== GENERATED)
  .filter((file) => !HEADER.test(readFileSync(join(ROOT, file), 'utf8')));
for (const file of problems.sort()) stdout.line(`Say in the first line of ${file} what it is for.`);
process.exitCode = problems.length > 0 ? 1 : 0;
