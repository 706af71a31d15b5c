/** Reads and changes records by their schema. */
import type { z } from 'zod';
import type { Fields, Records } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';

/** The document at `path` as its schema has it, or undefined if there is none. */
export async function readDocument<T>(records: Records, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const snapshot = await records.get(path);
  return snapshot && readRecord(schema, snapshot.fields);
}

/**
 * Replaces a document by what `next` makes of it, again should somebody else change it meanwhile; nothing if `next`
 * gives undefined or what it throws. Returns the document as it is then, undefined if there is none.
 */
export async function changeDocument<T extends object>(
  records: Records,
  path: string,
  schema: z.ZodType<T>,
  next: (current: T) => T | undefined,
): Promise<T | undefined> {
  for (;;) {
    const snapshot = await records.get(path);
    if (!snapshot) return undefined;
    const current = readRecord(schema, snapshot.fields);
    const changed = next(current);
    if (!changed) return current;
    if (await records.replace(path, fieldsOf(changed), snapshot.version)) return changed;
  }
}

/** The last part of a document's path. */
export function idOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A document as records take it: what is undefined is not there. */
export function fieldsOf(document: object): Fields {
  return JSON.parse(JSON.stringify(document));
}
