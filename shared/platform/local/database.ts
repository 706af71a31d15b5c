import { DatabaseSync } from 'node:sqlite';
import { storageError, stored } from './errors.ts';

/** The SQLite file behind records, queue and digests: one connection, one writer. */
export interface Database {
  readonly sql: DatabaseSync;
  /** Runs `work`, which must be synchronous, in one transaction. */
  atomically<T>(work: () => T): T;
  /**
   * Runs `work`, which must be synchronous, and resolves with its result when that is on the disk: not even a power
   * cut can take it back. What is asked for in the same turn of the event loop shares one transaction and one fsync,
   * and fails together.
   */
  durably<T>(work: () => T): Promise<T>;
  /** Finishes what waits, then closes the file. */
  close(): void;
}

interface Write {
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long to wait for another process that is writing. */
const BUSY_MS = 5_000;

/**
 * Opens or creates the file. In WAL mode with synchronous=NORMAL a commit survives the end of the process however it
 * ends, and a power cut takes back only the latest commits, in order: a lost "handled" is always lost together with
 * what followed from it. `durably` pays for an fsync where a promise is given to the outside.
 * @throws STORAGE_FULL, STORAGE_LOCKED, or INTERNAL if the file is damaged.
 */
export function openDatabase(path: string, schema: string): Database {
  const sql = stored(() => {
    const opened = new DatabaseSync(path, { timeout: BUSY_MS });
    opened.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
    return opened;
  });
  let waiting: Write[] = [];

  function flush(): void {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      commit(batch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      const reason = storageError(error);
      for (const { reject } of batch) reject(reason);
    }
  }

  function commit(batch: readonly Write[]): void {
    sql.exec('PRAGMA synchronous = FULL');
    try {
      atomically(() => {
        for (const { run } of batch) run();
      });
    } finally {
      sql.exec('PRAGMA synchronous = NORMAL');
    }
  }

  function atomically<T>(work: () => T): T {
    sql.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      sql.exec('COMMIT');
      return result;
    } finally {
      // A full disk may have ended the transaction already.
      if (sql.isTransaction) sql.exec('ROLLBACK');
    }
  }

  return {
    sql,
    atomically,
    durably<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        let result: T;
        waiting.push({
          run: () => {
            result = work();
          },
          resolve: () => resolve(result),
          reject,
        });
      });
    },
    close() {
      flush();
      sql.close();
    },
  };
}
