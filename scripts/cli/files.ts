/** Files that a command reads and writes where its user said: whole or not at all, and what the system says against it. */
import { readFile, stat } from 'node:fs/promises';
import { RewoundError } from '../../shared/errors.ts';
import { systemCause } from '../../shared/system-errors.ts';
import { writeWhole } from '../../shared/whole-file.ts';

/** Writes a file in place of any that has its name; see `writeWhole`. */
export function putFile(path: string, content: Uint8Array | string): Promise<void> {
  return named(path, 'written', async () => writeWhole(path, content));
}

/** The text of a file, of `most` bytes at most. */
export function readText(path: string, most: number): Promise<string> {
  return named(path, 'read', async () => {
    if ((await stat(path)).size > most) {
      throw new RewoundError('TOO_LARGE', `${path} has more than ${most} bytes.`, {
        help: 'Check that it is the right file.',
      });
    }
    return readFile(path, 'utf8');
  });
}

/** The result of `work` on a file that the user named: errors of the system name it too. */
export async function named<R>(path: string, done: 'read' | 'written', work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    const known = systemCause(cause);
    if (!known) throw cause;
    const { code, message, help, transient = false } = known;
    throw new RewoundError(code, `${path} cannot be ${done}. ${message}`, { help, transient, cause });
  }
}
