/** Makes folders. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno, RewoundError } from './errors.ts';
import { type SystemCause, systemCause } from './system-errors.ts';

const UNKNOWN: SystemCause = {
  code: 'USAGE',
  message: '',
  help: 'Choose a place this user may write to, where no file has that name.',
};

/**
 * Makes a folder and those above it, with `mode` as far as the umask allows it. Throws what the system says where that
 * is not possible. (Node's own recursive mkdir never ends on file systems that answer ENOENT below a folder that is
 * there, such as /proc.)
 */
export function ensureFolder(path: string, mode = 0o777): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(path);
    if (parent !== path) ensureFolder(parent, mode);
    mkdirSync(path, { mode });
  } catch (cause) {
    // Somebody else made it in between.
    if (isErrno(cause, 'EEXIST') && statSync(path).isDirectory()) return;
    if (cause instanceof RewoundError) throw cause;
    const { code, message, help, transient = false } = systemCause(cause) ?? UNKNOWN;
    throw new RewoundError(code, `The folder ${path} cannot be made. ${message}`.trimEnd(), { help, transient, cause });
  }
}
