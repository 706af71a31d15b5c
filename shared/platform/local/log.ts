/** Syncs SQLite's write-ahead log without holding up the event loop. */
import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** The write-ahead log beside a SQLite file, to be synced without holding up the event loop, as SQLite itself would. */
export interface Log {
  /** Resolves when all that is committed by now is on the disk. */
  sync(): Promise<void>;
  syncNow(): void;
  close(): void;
}

export const noLog: Log = { sync: async () => undefined, syncNow: () => undefined, close: () => undefined };

const sync = promisify(fdatasync);

/**
 * Nothing is opened before something is committed. The file stays the same for as long as a connection is open; SQLite
 * starts over at its beginning when all of it has been copied, and syncs it before that. Its locks are not on this file,
 * so closing it gives none of them up.
 */
export function openLog(database: string): Log {
  let file: number | undefined;
  let pending: Promise<void> | undefined;

  function opened(): number {
    if (file !== undefined) return file;
    // Windows syncs only what may be written.
    const log = openSync(`${database}-wal`, 'r+');
    // SQLite makes the new log's name durable with its own first sync, which may be much later.
    if (process.platform !== 'win32') {
      const folder = openSync(dirname(database), 'r');
      fsyncSync(folder);
      closeSync(folder);
    }
    file = log;
    return log;
  }

  return {
    async sync() {
      pending = sync(opened());
      try {
        await pending;
      } finally {
        pending = undefined;
      }
    },
    syncNow() {
      fdatasyncSync(opened());
    },
    close() {
      const open = file;
      if (open === undefined) return;
      file = undefined;
      if (!pending) return closeSync(open);
      // Whoever waits for it is told by its own promise.
      pending.catch(() => undefined).finally(() => closeSync(open));
    },
  };
}
