/** Paths that a user typed, and what must be at them. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isErrno, RewoundError } from '../../shared/errors.ts';
import { named } from './files.ts';
import type { Reader } from './option.ts';
import { usage } from './usage.ts';

/** The npm scripts that run this command line. npm runs them in the repository, wherever the user stands. */
const NPM_SCRIPTS = new Set(['rewound', 'serve', 'demo', 'deploy']);

/** A path as the user means it: relative to where the command was typed. */
export function userPath(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: typedIn } = process.env;
  return resolve(script !== undefined && NPM_SCRIPTS.has(script) && typedIn ? typedIn : '.', path);
}

/** What is at a path; undefined where nothing is. Throws where the system does not let this user look. */
function foundAt(path: string): Promise<Stats | undefined> {
  return named(path, 'read', () =>
    stat(path).catch((error) => {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
      throw error;
    }),
  );
}

/** Throws unless there is a file: NOT_FOUND, or USAGE for a folder. */
export async function requireFile(path: string): Promise<void> {
  const found = await foundAt(path);
  if (found?.isDirectory()) throw usage(`${path} is a folder, not a file.`, 'Give the path of the file in it.');
  if (!found?.isFile()) {
    throw new RewoundError('NOT_FOUND', `There is no file ${path}.`, { help: 'Check the path.' });
  }
}

/** The folder that `what` names. Throws NOT_FOUND unless it is there. */
export async function requireFolder(folder: string, what: string): Promise<string> {
  const found = await foundAt(folder);
  if (!found?.isDirectory()) {
    throw new RewoundError('NOT_FOUND', `${what}: there is no folder ${folder}.`, { help: 'Check the path.' });
  }
  return folder;
}

/** A path as the value of an option. */
export const asPath: Reader<string> = (text, flag) => {
  if (text === '') throw usage(`${flag} takes a path, which is not empty.`);
  return userPath(text);
};
