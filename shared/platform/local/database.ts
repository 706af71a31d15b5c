/** Opens the SQLite file behind records, queue and digests. */
import { DatabaseSync } from 'node:sqlite';
import { inUse, storageError, stored } from './errors.ts';
import { checkStructure, defineSum, makeTables } from './integrity.ts';
import { noLog, openLog } from './log.ts';
import { hasLostCommits } from './lost-commits.ts';
import { ensurePrivateFile } from './private.ts';

/** The SQLite file behind records, queue and digests: one connection, one writer. */
export interface Database {
  readonly sql: DatabaseSync;
  /** Whether the latest commits could not be read when the file was opened, because its log is damaged. */
  readonly lostCommits: boolean;
  /** Runs `work`, which must be synchronous, in one transaction: in the present one where there is one. */
  atomically<T>(work: () => T): T;
  /**
   * Runs `work`, which must be synchronous, and resolves with its result when that is on the disk: not even a power
   * cut can take it back. What is asked for in the same turn of the event loop, or while the disk is busy with what was
   * asked for before, shares one transaction and one fsync, and fails together.
   */
  durably<T>(work: () => T): Promise<T>;
  /** Runs `work` with the next transaction. For what may be lost, or fail, and nobody waits for. */
  eventually(work: () => void): void;
  /**
   * Resolves when what was deleted is in no file any more: freed space holds zeros, and the log nothing. Throws
   * STORAGE_LOCKED where another process keeps the log in use.
   */
  scrub(): Promise<void>;
  /** Finishes what waits, then closes the file. */
  close(): void;
}

interface Write {
  readonly run: () => void;
  /** Only where somebody waits for the disk. */
  readonly resolve?: () => void;
  readonly reject?: (error: unknown) => void;
}

/** Pages of 4 KiB after which the log is copied into the file, which holds up everything else. */
const LOG_PAGES = 4096;

/** How long to wait for another process that is writing. */
const BUSY_MS = 5_000;

/**
 * Opens or creates the file. In WAL mode with synchronous=NORMAL a commit survives the end of the process however it
 * ends, and a power cut takes back only the latest commits, in order: a lost "handled" is always lost together with
 * what followed from it. `durably` pays for an fsync of the log where a promise is given to the outside; the event loop
 * goes on meanwhile. What is committed can be seen before it is on the disk: whoever builds on it writes later into the
 * same log, so a power cut takes back both or neither. Objects are made of objects alone, which are synced on their own.
 * `prepare` is called before the tables of `schema` are looked for, for a file that an earlier version made.
 * @throws STORAGE_FULL, STORAGE_LOCKED, or STATE_DAMAGED if the file is damaged.
 */
export function openDatabase(
  path: string,
  schema: string,
  prepare?: (sql: DatabaseSync, schema: string) => void,
): Database {
  let lostCommits = false;
  const sql = stored(() => {
    if (path !== ':memory:') ensurePrivateFile(path);
    const opened = new DatabaseSync(path, { timeout: BUSY_MS });
    opened.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${LOG_PAGES};`);
    try {
      lostCommits = hasLostCommits(opened, path);
      // Names of people are in here, and are deleted: what is freed is overwritten, and nothing is put into other files.
      opened.exec('PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY');
      defineSum(opened);
      checkStructure(opened);
      prepare?.(opened, schema);
      makeTables(opened, schema);
      // A process that was killed may have deleted something that its log still holds.
      opened.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  // A database in memory has no file, and nothing to lose.
  const log = sql.location() === null ? noLog : openLog(path);
  let waiting: Write[] = [];
  let isFlushing = false;

  /** One group after another: the slower the disk, the larger the groups. */
  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const group = take();
      try {
        commit(group);
        if (group.some(isAwaited)) await log.sync();
        succeed(group);
      } catch (error) {
        fail(group, error);
      }
    }
    isFlushing = false;
  }

  function flushNow(): void {
    const group = take();
    try {
      commit(group);
      if (group.some(isAwaited)) log.syncNow();
      succeed(group);
    } catch (error) {
      fail(group, error);
    }
  }

  function take(): readonly Write[] {
    const group = waiting;
    waiting = [];
    return group;
  }

  function commit(group: readonly Write[]): void {
    if (group.length === 0) return;
    atomically(() => {
      for (const { run } of group) run();
    });
  }

  function enqueue(write: Write): void {
    waiting.push(write);
    if (isFlushing) return;
    isFlushing = true;
    setImmediate(() => void flush());
  }

  function atomically<T>(work: () => T): T {
    if (sql.isTransaction) return work();
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

  function durably<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      enqueue({
        run: () => {
          result = work();
        },
        resolve: () => resolve(result),
        reject,
      });
    });
  }

  return {
    sql,
    lostCommits,
    atomically,
    durably,
    async scrub() {
      // Behind all that waits.
      await durably(() => undefined);
      // https://sqlite.org/pragma.html#pragma_wal_checkpoint: TRUNCATE waits for readers, at most as long as `timeout`.
      const result = stored(() => sql.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get());
      if (result?.busy !== 0) throw inUse();
    },
    eventually: (run) => enqueue({ run }),
    close() {
      flushNow();
      log.close();
      sql.close();
    },
  };
}

function isAwaited({ resolve }: Write): boolean {
  return resolve !== undefined;
}

function succeed(group: readonly Write[]): void {
  for (const { resolve } of group) resolve?.();
}

function fail(group: readonly Write[], error: unknown): void {
  const reason = storageError(error);
  for (const { reject } of group) reject?.(reason);
}
