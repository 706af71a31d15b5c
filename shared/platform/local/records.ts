/** Stores records in SQLite. */
import { randomUUID } from 'node:crypto';
import { parseJson, toJsonText } from '../json.ts';
import { assertCollectionPath, splitDocumentPath } from '../names.ts';
import type { Fields, Json, ListOptions, Records, Snapshot } from '../ports.ts';
import { integer, text } from './columns.ts';
import type { Database } from './database.ts';
import { damaged, stored } from './errors.ts';
import { sumOf, wholeRow } from './integrity.ts';

/** The order of ids is SQLite's BINARY collation: that of their UTF-8 bytes. */
export const RECORDS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    fields TEXT NOT NULL,
    sum TEXT NOT NULL,
    PRIMARY KEY (collection, id)
  ) STRICT, WITHOUT ROWID;
`;

export const DOCUMENT_COLUMNS = ['collection', 'id', 'version', 'fields'];

/** Documents read at a time by `list`, which must not hold a cursor while its consumer thinks. */
const PAGE = 256;

/** Records in SQLite. Every write is on the disk when its promise resolves; a row that is read is as it was written. */
export function localRecords({ sql, durably }: Database): Omit<Records, 'purge'> {
  const whole = `sum = ${sumOf('documents', DOCUMENT_COLUMNS)} AS whole`;
  const insert = sql.prepare(
    `INSERT INTO documents VALUES (?1, ?2, ?3, ?4, ${sumOf('documents', ['?1', '?2', '?3', '?4'])}) ON CONFLICT DO NOTHING`,
  );
  const select = sql.prepare(`SELECT version, fields, ${whole} FROM documents WHERE collection = ? AND id = ?`);
  const update = sql.prepare(
    `UPDATE documents SET version = ?1, fields = ?2, sum = ${sumOf('documents', ['?3', '?4', '?1', '?2'])}
     WHERE collection = ?3 AND id = ?4 AND version = ?5`,
  );
  const remove = sql.prepare('DELETE FROM documents WHERE collection = ? AND id = ?');
  const countAll = sql.prepare('SELECT count(*) AS n FROM documents WHERE collection = ?');
  const selectPage = sql.prepare(
    `SELECT id, version, fields, ${whole} FROM documents WHERE collection = ? AND id > ? ORDER BY id LIMIT ?`,
  );

  return {
    async create(path, fields) {
      const { collection, id } = splitDocumentPath(path);
      const json = toJsonText(fields);
      // Most messages that come twice end here, and need no write.
      const found = stored(() => select.get(collection, id));
      if (found) {
        wholeRow(found);
        return false;
      }
      return durably(() => insert.run(collection, id, randomUUID(), json).changes === 1);
    },

    async get(path) {
      const { collection, id } = splitDocumentPath(path);
      const found = stored(() => select.get(collection, id));
      const row = found && wholeRow(found);
      return row && { path, version: text(row.version), fields: parseFields(text(row.fields)) };
    },

    async replace(path, fields, version) {
      const { collection, id } = splitDocumentPath(path);
      const json = toJsonText(fields);
      // A version never comes back, not even after delete and create: it is not counted but drawn.
      return durably(() => update.run(randomUUID(), json, collection, id, version).changes === 1);
    },

    async count(path) {
      assertCollectionPath(path);
      return integer(stored(() => countAll.get(path))?.n);
    },

    async *list(path, { after = '', limit = Number.POSITIVE_INFINITY }: ListOptions = {}): AsyncIterable<Snapshot> {
      assertCollectionPath(path);
      let last = after;
      for (let left = limit; left > 0; ) {
        const rows = stored(() => selectPage.all(path, last, Math.min(left, PAGE)));
        for (const row of rows) {
          last = text(wholeRow(row).id);
          yield { path: `${path}/${last}`, version: text(row.version), fields: parseFields(text(row.fields)) };
        }
        if (rows.length < PAGE) return;
        left -= rows.length;
      }
    },

    async delete(path) {
      const { collection, id } = splitDocumentPath(path);
      await durably(() => remove.run(collection, id));
    },
  };
}

function parseFields(value: string): Fields {
  const fields = parseJson(value);
  if (isObject(fields)) return fields;
  throw damaged();
}

function isObject(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
