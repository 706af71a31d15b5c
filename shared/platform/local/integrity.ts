/** Notices damage to the SQLite file: its structure and tables when it is opened, each row when it is read. */
import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { damaged } from './errors.ts';

/**
 * SQL for the checksum of a row: of its table's name and these columns or parameters. SQLite has none of its own outside
 * of its log, so a flipped bit in a value would be believed. Each row keeps it in a column `sum`.
 */
export function sumOf(table: string, values: readonly string[]): string {
  return `row_sum('${table}', ${values.join(', ')})`;
}

/** Makes `row_sum` known to a connection. */
export function defineSum(sql: DatabaseSync): void {
  sql.function('row_sum', { deterministic: true, varargs: true }, (...values) =>
    hash('sha256', JSON.stringify(values), 'hex').slice(0, 16),
  );
}

/** A row that was selected with `sum = row_sum(...) AS whole`. Throws STATE_DAMAGED where it is not as it was written. */
export function wholeRow<R extends Readonly<Record<string, unknown>>>(row: R): R {
  if (row.whole !== 1) throw damaged();
  return row;
}

/** @throws STATE_DAMAGED where pages, order or indexes of the file contradict each other. */
export function checkStructure(sql: DatabaseSync): void {
  const [first] = sql.prepare('PRAGMA integrity_check(1)').all();
  if (first?.integrity_check !== 'ok') throw damaged();
}

/**
 * Makes the tables of `schema` in a new file. In any other they must be there just so: a table whose name is damaged
 * would else be replaced by an empty one. What a later version adds to the schema, `takeOver` must add to a file first.
 * @throws STATE_DAMAGED
 */
export function makeTables(sql: DatabaseSync, schema: string): void {
  const found = tablesOf(sql);
  if (found.size === 0) {
    // All or none: a process that ends in between must leave nothing that looks damaged.
    sql.exec(`BEGIN IMMEDIATE; ${schema}; COMMIT;`);
    return;
  }
  const wanted = new DatabaseSync(':memory:');
  try {
    wanted.exec(schema);
    for (const [name, text] of tablesOf(wanted)) if (found.get(name) !== text) throw damaged();
  } finally {
    wanted.close();
  }
}

/** Tables and indexes by name, with the SQL that made them. */
function tablesOf(sql: DatabaseSync): Map<string, string> {
  const rows = sql.prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").all();
  return new Map(rows.map((row) => [String(row.name), String(row.sql)]));
}
