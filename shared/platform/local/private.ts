/** Files and folders of the work folder, which only the user who runs Rewound may read, whatever the umask is. */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { isErrno } from '../../errors.ts';

/** Modes of new files and folders. They hold photos, faces and names. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/**
 * Makes an empty private file unless it exists. For SQLite, which creates files that everybody may read; the log and
 * the index beside a database get the mode of the database.
 */
export function ensurePrivateFile(path: string): void {
  try {
    // Never one that exists: to close a file gives up all locks that this process has on it.
    closeSync(openSync(path, 'wx', PRIVATE_FILE));
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    keepPrivate(path, PRIVATE_FILE);
  }
}

/** Takes from all others what an earlier version allowed them. Another user's files keep their mode. */
export function keepPrivate(path: string, mode: number): void {
  const stats = statSync(path);
  if ((stats.mode & 0o077) === 0 || stats.uid !== process.getuid?.()) return;
  chmodSync(path, mode);
}
