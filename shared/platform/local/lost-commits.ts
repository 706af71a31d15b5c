/** Tells whether SQLite's log holds commits that SQLite does not read any more, because something before them is damaged. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** Sizes in the log, https://sqlite.org/fileformat2.html#the_write_ahead_log */
const HEADER = 32;
const FRAME_HEADER = 24;

/** Where the last commit of the present round of the log is, counted in frames; 0 where there is none. */
function lastCommit(database: string): number {
  const log = `${database}-wal`;
  if (!existsSync(log)) return 0;
  const file = openSync(log, 'r');
  try {
    const header = read(file, 0, HEADER);
    const frame = FRAME_HEADER + header.readUInt32BE(8);
    // Two places say which round this is, and the bit that flipped may be in one of them.
    const rounds = [header.toString('hex', 16, 24), read(file, HEADER, FRAME_HEADER).toString('hex', 8, 16)];
    for (let last = Math.floor((statSync(log).size - HEADER) / frame); last > 0; last--) {
      const head = read(file, HEADER + (last - 1) * frame, FRAME_HEADER);
      // Only the last frame of a commit says how large the database is then.
      if (head.readUInt32BE(4) !== 0 && rounds.includes(head.toString('hex', 8, 16))) return last;
    }
    return 0;
  } finally {
    closeSync(file);
  }
}

/**
 * Whether a connection that has just been opened has read less of the log than is in it. A power cut may look the same:
 * what was not on the disk yet can be missing in the middle.
 */
export function hasLostCommits(sql: DatabaseSync, database: string): boolean {
  const last = lastCommit(database);
  if (last === 0) return false;
  // Of SQLite versions that do not know this word, it asks the same and copies what was read.
  const taken = sql.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.log;
  // Another process may have begun a new round meanwhile.
  return typeof taken === 'number' && taken < last && lastCommit(database) === last;
}

function read(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, at);
  return bytes;
}
