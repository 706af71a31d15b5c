/** Makes this process the only one that works in a folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RewoundError } from '../../errors.ts';
import { isBusy, storageError } from './errors.ts';
import { ensurePrivateFile, PRIVATE_FILE } from './private.ts';

export interface Lock {
  release(): void;
}

/**
 * Makes this process the only one that works in the folder. The lock is SQLite's exclusive file lock, held by the
 * kernel for as long as the process lives, so even `kill -9` leaves nothing stale behind.
 * @throws STORAGE_LOCKED if another process, or another part of this one, holds it.
 */
export function lockFolder(stateFolder: string): Lock {
  const file = join(stateFolder, 'lock.sqlite');
  ensurePrivateFile(file);
  const database = new DatabaseSync(file);
  const owner = join(stateFolder, 'owner');
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw storageError(error);
    throw new RewoundError('STORAGE_LOCKED', `Rewound is already running in this work folder${readOwner(owner)}.`, {
      help: 'Stop the other one or wait for it to end, or choose another work folder.',
      transient: true,
      cause: error,
    });
  }
  // Only to name the holder in the message above: whether it holds the lock, the kernel says.
  writeFileSync(owner, String(process.pid), { mode: PRIVATE_FILE });
  return { release: () => database.close() };
}

function readOwner(file: string): string {
  try {
    const pid = readFileSync(file, 'utf8');
    return /^\d+$/.test(pid) ? ` (process ${pid})` : '';
  } catch {
    return '';
  }
}
