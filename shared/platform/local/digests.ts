import { createHash } from 'node:crypto';
import { text } from './columns.ts';
import type { Database } from './database.ts';
import { stored } from './errors.ts';
import { CHUNK, generationOf, type OpenFile, readChunks } from './files.ts';

export const DIGESTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS digests (
    path TEXT PRIMARY KEY,
    generation TEXT NOT NULL,
    md5 TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

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

/** Digests kept in SQLite. Losing the latest only means to read a file again: nobody waits for them to be stored. */
export function localDigests({ sql, eventually }: Database): Digests {
  const select = sql.prepare('SELECT md5 FROM digests WHERE path = ? AND generation = ?');
  const upsert = sql.prepare(
    'INSERT INTO digests VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET generation = excluded.generation, md5 = excluded.md5',
  );
  const drop = sql.prepare('DELETE FROM digests WHERE path = ?');

  function remember({ path, generation }: Version, md5: string): void {
    eventually(() => upsert.run(path, generation, md5));
  }

  return {
    known({ path, generation }) {
      const row = stored(() => select.get(path, generation));
      return row && text(row.md5);
    },
    async read(file) {
      const hash = createHash('md5');
      for await (const chunk of readChunks(file)) hash.update(chunk);
      if (generationOf(await file.handle.stat({ bigint: true })) !== file.generation) return undefined;
      const md5 = hash.digest('base64');
      remember(file, md5);
      return md5;
    },
    remember,
    forget(path) {
      eventually(() => drop.run(path));
    },
  };
}

/** MD5, base64. In pieces, because the hash takes less than 2 GiB at once. */
export function md5Of(bytes: Uint8Array): string {
  const hash = createHash('md5');
  for (let at = 0; at < bytes.length; at += CHUNK) hash.update(bytes.subarray(at, at + CHUNK));
  return hash.digest('base64');
}
