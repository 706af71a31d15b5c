/** Measures the floor of orchestration on this disk: writes and syncs alone. */
import { closeSync, fsync, mkdtempSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';

/** Bytes of a shard's result. */
const RESULT = 4096;

const synced = promisify(fsync);

export interface DiskFloor {
  readonly seconds: number;
  /** Of them in creating files, before anything is written: a few hundredths of a millisecond each, or see below. */
  readonly creatingSeconds: number;
}

/**
 * What `shards` shards take on this disk if all that is done for each is to write a file and sync it, and to
 * commit a record and a message to SQLite and sync that; `window` of them at the same time. Leaves its files: ext4
 * passes over inodes that were deleted in the last minutes (`recently_deleted` in fs/ext4/ialloc.c), so whoever creates
 * files after many were deleted is slow.
 */
export async function diskFloor(shards: number, window: number, folder: string): Promise<DiskFloor> {
  const place = mkdtempSync(join(folder, 'floor-'));
  const database = new DatabaseSync(join(place, 'floor.sqlite'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE records (id TEXT PRIMARY KEY, fields TEXT) STRICT;
    CREATE TABLE messages (id INTEGER PRIMARY KEY, message TEXT) STRICT;`);
  const record = database.prepare('INSERT INTO records VALUES (?, ?)');
  const message = database.prepare('INSERT INTO messages (message) VALUES (?)');
  let creatingMs = 0;
  const start = performance.now();
  const chains = Array.from({ length: window }, async (_, chain) => {
    for (let shard = chain; shard < shards; shard += window) {
      const before = performance.now();
      const file = openSync(join(place, String(shard)), 'wx');
      creatingMs += performance.now() - before;
      writeSync(file, new Uint8Array(RESULT));
      await synced(file);
      closeSync(file);
      database.exec('BEGIN');
      record.run(`probe/${shard}`, `{"at":${shard}}`);
      message.run(`{"shard":${shard + window}}`);
      database.exec('COMMIT');
    }
  });
  await Promise.all(chains);
  const seconds = (performance.now() - start) / 1000;
  database.close();
  return { seconds, creatingSeconds: creatingMs / 1000 };
}
