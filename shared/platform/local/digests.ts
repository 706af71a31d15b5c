/** Remembers the MD5 of files that have not changed. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { bytes, text } from './columns.ts';
import type { Database } from './database.ts';
import { stopped, stored } from './errors.ts';
import { CHUNK, generationOf, type OpenFile, readChunks } from './files.ts';
import { sumOf } from './integrity.ts';

/**
 * A path may name a person, and the row of a file that its owner removed stays until it is found gone. So a row holds the
 * path's HMAC under a key of this store in place of the path. Earlier versions kept paths, in a table of another name.
 */
export const DIGESTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS digest_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS file_digests (
    path_hmac BLOB PRIMARY KEY,
    generation TEXT NOT NULL,
    md5 TEXT NOT NULL,
    sum TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const KEY_BYTES = 32;
/** Of an HMAC-SHA256 as it is stored: two paths of a store will not have the same. */
const HMAC_BYTES = 16;
const COLUMNS = ['path_hmac', 'generation', 'md5'];

type Version = Pick<OpenFile, 'path' | 'generation'>;

/** MD5 of files, base64, each file read once for as long as it stays the same. */
export interface Digests {
  /** The digest if this generation of the file has been read before. */
  known(file: Version): string | undefined;
  /** Reads the file and remembers its digest; undefined if the file changed meanwhile. */
  read(file: OpenFile): Promise<string | undefined>;
  remember(file: Version, md5: string): void;
  forget(path: string): void;
}

/**
 * Digests kept in SQLite. Losing the latest only means to read a file again: nobody waits for them to be stored. The same
 * goes for one whose row is damaged. To read a large file ends with CANCELLED when the signal aborts.
 */
export function localDigests({ sql, eventually }: Database, signal?: AbortSignal): Digests {
  const key = stored(() => keyOf(sql));
  const select = sql.prepare(
    `SELECT md5 FROM file_digests WHERE path_hmac = ? AND generation = ? AND sum = ${sumOf('file_digests', COLUMNS)}`,
  );
  const upsert = sql.prepare(
    `INSERT INTO file_digests VALUES (?1, ?2, ?3, ${sumOf('file_digests', ['?1', '?2', '?3'])}) ON CONFLICT DO UPDATE
     SET generation = excluded.generation, md5 = excluded.md5, sum = excluded.sum`,
  );
  const drop = sql.prepare('DELETE FROM file_digests WHERE path_hmac = ?');

  function hmac(path: string): Uint8Array {
    return createHmac('sha256', key).update(path).digest().subarray(0, HMAC_BYTES);
  }

  function remember({ path, generation }: Version, md5: string): void {
    eventually(() => upsert.run(hmac(path), generation, md5));
  }

  return {
    known({ path, generation }) {
      const row = stored(() => select.get(hmac(path), generation));
      return row && text(row.md5);
    },
    async read(file) {
      const hash = createHash('md5');
      for await (const chunk of readChunks(file)) {
        if (signal?.aborted) throw stopped();
        hash.update(chunk);
      }
      if (generationOf(await file.handle.stat({ bigint: true })) !== file.generation) return undefined;
      const md5 = hash.digest('base64');
      remember(file, md5);
      return md5;
    },
    remember,
    forget(path) {
      eventually(() => drop.run(hmac(path)));
    },
  };
}

/** The store's key, drawn the first time. */
function keyOf(sql: Database['sql']): Uint8Array {
  sql.prepare('INSERT INTO digest_key VALUES (1, ?) ON CONFLICT DO NOTHING').run(randomBytes(KEY_BYTES));
  return bytes(sql.prepare('SELECT key FROM digest_key').get()?.key);
}

/** MD5, base64. In pieces, because the hash takes less than 2 GiB at once. */
export function md5Of(bytes: Uint8Array): string {
  const hash = createHash('md5');
  for (let at = 0; at < bytes.length; at += CHUNK) hash.update(bytes.subarray(at, at + CHUNK));
  return hash.digest('base64');
}
