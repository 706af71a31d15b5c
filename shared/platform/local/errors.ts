/** Turns errors of SQLite into coded errors. */
import { asRewoundError, isErrno, ofSystem, RewoundError } from '../../errors.ts';
import { FULL as DISK_FULL, FAILED, FORBIDDEN, MEMORY } from '../../system-errors.ts';

/** SQLite's result codes, https://sqlite.org/rescode.html; extended codes carry these in the low byte. */
const PERMISSION = 3;
const BUSY = 5;
const LOCKED = 6;
const NO_MEMORY = 7;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/**
 * The result of `work`, with SQLite's errors as ours.
 * @throws STORAGE_FULL, STORAGE_LOCKED, STATE_DAMAGED, INTERNAL.
 */
export function stored<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error);
  }
}

/** SQLite's primary result code if this is one of its errors. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection holds the file. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/** Any error of storing something as a RewoundError; file names stay out of the sentence, they may name people. */
export function storageError(error: unknown): RewoundError {
  if (isBusy(error)) return inUse(error);
  if (isErrno(error, 'ERR_INVALID_STATE')) return stopped(error);
  const code = resultCode(error);
  if (code === FULL) return ofSystem(DISK_FULL, error);
  if (code === NO_MEMORY) return ofSystem(MEMORY, error);
  if (code === IO_ERROR) {
    // SQLite does not say which: also a limit of the size of files (ulimit -f) looks like this.
    const help = `${FAILED.help} Check the limit of the size of files too (ulimit -f).`;
    return ofSystem({ ...FAILED, help }, error);
  }
  if (code === CORRUPT || code === NOT_A_DATABASE) return damaged(error);
  if (code === PERMISSION || code === READ_ONLY || code === CANNOT_OPEN) return ofSystem(FORBIDDEN, error);
  return asRewoundError(error);
}

/** The error of a work folder that another process keeps in use. */
export function inUse(cause?: unknown): RewoundError {
  return new RewoundError('STORAGE_LOCKED', 'Another process is writing to the work folder.', {
    help: 'Wait for it to end, then run the same command again.',
    transient: true,
    cause,
  });
}

/** The error of work that still runs after a signal to stop, or after the work folder was closed. */
export function stopped(cause?: unknown): RewoundError {
  return new RewoundError('CANCELLED', 'The work was stopped before its end.', {
    help: 'Run the same command again: it resumes from what is finished.',
    transient: true,
    cause,
  });
}

/** The error of a row that does not hold what its table promises, or of a file that is no database. */
export function damaged(cause?: unknown): RewoundError {
  return new RewoundError('STATE_DAMAGED', 'The state of the work folder is damaged.', {
    help: 'Move the files state.sqlite, -wal and -shm out of .rewound-state and run the same command again: finished work and reports are kept. Of a service restore them from a backup: accounts and credits are in them.',
    cause,
  });
}
