/** Makes the state of a work folder as the versions before checksums and keyed digests left it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, message TEXT NOT NULL, published_at INTEGER NOT NULL,
    due INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, token TEXT
  ) STRICT;
  CREATE INDEX messages_due ON messages (topic, due, id);
  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, message TEXT NOT NULL, published_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL, attempts INTEGER NOT NULL, error_code TEXT NOT NULL, error_message TEXT NOT NULL
  ) STRICT;
  CREATE TABLE digests (path TEXT PRIMARY KEY, generation TEXT NOT NULL, md5 TEXT NOT NULL) STRICT, WITHOUT ROWID;`;

/** Lets `fill` write into the new state of a folder. Those versions did not overwrite what they deleted. */
export function earlierState(folder: string, fill: (sql: DatabaseSync) => void): void {
  mkdirSync(join(folder, '.rewound-state'), { recursive: true });
  const sql = new DatabaseSync(join(folder, '.rewound-state/state.sqlite'));
  try {
    sql.exec(`PRAGMA journal_mode = WAL; PRAGMA secure_delete = OFF; ${SCHEMA}`);
    fill(sql);
  } finally {
    sql.close();
  }
}
