import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, RewoundError } from './errors.ts';

/**
 * Makes a folder and those above it. Throws USAGE where that is not possible. (Node's own recursive mkdir never ends
 * on file systems that answer ENOENT below a folder that is there, such as /proc.)
 */
export function ensureFolder(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(path);
    if (parent !== path) ensureFolder(parent);
    mkdirSync(path);
  } catch (cause) {
    // Somebody else made it in between.
    if (isErrno(cause, 'EEXIST') && statSync(path).isDirectory()) return;
    if (cause instanceof RewoundError || isErrno(cause, 'ENOSPC')) throw cause;
    throw new RewoundError('USAGE', `The folder ${path} cannot be made.`, {
      help: 'Choose a place this user may write to, where no file has that name.',
      cause,
    });
  }
}
