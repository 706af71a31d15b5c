/** Takes over the state of versions whose rows had no checksums. */
import type { DatabaseSync } from 'node:sqlite';
import { sumOf } from './integrity.ts';
import { DEAD_COLUMNS, MESSAGE_COLUMNS } from './queue.ts';
import { DOCUMENT_COLUMNS } from './records.ts';

/**
 * Copies an earlier state into the tables of `schema`, all or nothing. Its rows are believed once more, as they were
 * until now: accounts and credits are among them, which nobody could make again. Digests of files are left behind; each
 * file is read again. Those versions did not overwrite what they deleted, so what is free in the file is removed first,
 * before anything says that the state was taken over: a process that ends in between does it all again.
 */
export function takeOver(sql: DatabaseSync, schema: string): void {
  if (columnsOf(sql, 'documents').join() !== DOCUMENT_COLUMNS.join()) return;
  sql.exec(`VACUUM;
    BEGIN IMMEDIATE;
    ALTER TABLE documents RENAME TO earlier_documents;
    ALTER TABLE messages RENAME TO earlier_messages;
    ALTER TABLE dead_letters RENAME TO earlier_dead_letters;
    DROP INDEX messages_due;
    DROP TABLE digests;
    ${schema}
    ${copy('documents', DOCUMENT_COLUMNS)}
    ${copy('messages', MESSAGE_COLUMNS, ['id'])}
    ${copy('dead_letters', DEAD_COLUMNS, ['id'])}
    -- Numbers of messages are not given again: one that was given up keeps its own.
    DELETE FROM sqlite_sequence WHERE name = 'messages';
    UPDATE sqlite_sequence SET name = 'messages' WHERE name = 'earlier_messages';
    DROP TABLE earlier_documents;
    DROP TABLE earlier_messages;
    DROP TABLE earlier_dead_letters;
    COMMIT;`);
}

function copy(table: string, columns: readonly string[], unsummed: readonly string[] = []): string {
  const all = [...unsummed, ...columns].join(', ');
  return `INSERT INTO ${table} (${all}, sum) SELECT ${all}, ${sumOf(table, columns)} FROM earlier_${table};`;
}

function columnsOf(sql: DatabaseSync, table: string): string[] {
  return sql
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name));
}
