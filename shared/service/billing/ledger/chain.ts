/** Appends entries to the ledger of an account, one writer at a time. */
import type { Records } from '../../../platform/ports.ts';
import { readRecord } from '../../../stored-record.ts';
import { readDocument } from '../../core/documents.ts';
import { type Entry, entrySchema } from './entry.ts';

/** Stores list ids in ascending order: counted down from here, the newest entry comes first. */
const LAST = 999_999_999_999;

/** Entries read by one query. */
const PAGE = 100;

/**
 * The entries of an account. An entry is created at the place after the one before it, which only one writer can do,
 * and is never replaced or deleted: there are no gaps, and whoever has read one entry can rely on all before it.
 */
export interface Chain {
  /** The newest entry, undefined if there is none. */
  tail(): Promise<Entry | undefined>;
  at(seq: number): Promise<Entry | undefined>;
  /** Entries older than `before`, the newest first. */
  olderThan(before: number, limit: number): AsyncIterable<Entry>;
  /** Whether this call put it there; false if its place was taken. */
  append(entry: Entry): Promise<boolean>;
}

export function chainOf(records: Records, account: string): Chain {
  const collection = `accounts/${account}/ledger`;
  const pathOf = (seq: number) => `${collection}/${idOf(seq)}`;
  return {
    async tail() {
      for await (const { fields } of records.list(collection, { limit: 1 })) return readRecord(entrySchema, fields);
      return undefined;
    },
    at: (seq) => readDocument(records, pathOf(seq), entrySchema),
    async *olderThan(before, limit) {
      let next = Math.min(before, LAST);
      for (let left = Math.min(limit, next - 1); left > 0; ) {
        // Asked for by the page, as a store may read ahead more of them than are wanted.
        const size = Math.min(left, PAGE);
        const from = next;
        for await (const { fields } of records.list(collection, { after: idOf(from), limit: size })) {
          const entry = readRecord(entrySchema, fields);
          next = entry.seq;
          left -= 1;
          yield entry;
        }
        // The cursor may be beyond the tail: then there are fewer than its number says.
        if (next === from) return;
      }
    },
    append: (entry) => records.create(pathOf(entry.seq), entry),
  };
}

function idOf(seq: number): string {
  return String(LAST - seq).padStart(String(LAST).length, '0');
}
