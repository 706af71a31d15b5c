/** Stores records as documents of Firestore. */
import { Timestamp } from '@google-cloud/firestore';
import { z } from 'zod';
import { readRecord, unlikeWritten } from '../../stored-record.ts';
import { parseJson, toJsonText } from '../json.ts';
import type { Fields, Json } from '../ports.ts';

/**
 * A record as Firestore keeps it. All of it lies in a fixed set of fields, so that an update with a precondition
 * replaces the whole.
 *
 * Numbers, strings, booleans and null with a plain name are Firestore's own, for the console, queries and alerts.
 * Everything else is JSON text: Firestore holds no array in an array, no name that is empty or `__reserved__`, no half
 * of a surrogate pair, nothing nested deeper than 20 levels, and no more than 40,000 index entries.
 */
const Document = z.object({
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  json: z.string(),
  writer: z.string(),
});

export interface StoredDocument extends z.infer<typeof Document> {
  /** A number field `expiresAt` (milliseconds since the epoch) as the kind that a time-to-live policy needs. */
  readonly expiresAt: Timestamp | null;
}

const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

/** The last millisecond that Firestore can hold: the end of the year 9999. */
const MAX_TIME = 253_402_300_799_999;

/**
 * What to store for a record. `writer` is another one for each write, which makes a write that changes nothing else
 * have its own version, and a client that repeats a write after a lost answer know its own.
 * @throws INTERNAL if the fields hold anything but JSON.
 */
export function toDocument(fields: Fields, writer: string): StoredDocument {
  const values = Object.entries(parseFields(toJsonText(fields)));
  const native = values.filter(isNative);
  return {
    fields: Object.fromEntries(native),
    json: JSON.stringify(Object.fromEntries(values.filter((entry) => !isNative(entry)))),
    writer,
    expiresAt: toTimestamp(fields.expiresAt),
  };
}

/** @throws STATE_DAMAGED for a document that `toDocument` did not make. */
export function fromDocument(data: unknown): { readonly fields: Fields; readonly writer: string } {
  const { fields, json, writer } = readRecord(Document, data);
  try {
    return { fields: { ...fields, ...parseFields(json) }, writer };
  } catch (error) {
    throw unlikeWritten(error);
  }
}

function parseFields(json: string): Fields {
  const value = parseJson(json);
  if (typeof value === 'object' && value !== null && !isArray(value)) return value;
  throw new SyntaxError('Not a JSON object.');
}

function isNative(entry: [string, Json]): entry is [string, string | number | boolean | null] {
  const [name, value] = entry;
  if (!PLAIN_NAME.test(name)) return false;
  return typeof value === 'string' ? value.isWellFormed() : typeof value !== 'object' || value === null;
}

function toTimestamp(value: Json | undefined): Timestamp | null {
  const isTime = typeof value === 'number' && value >= 0 && value <= MAX_TIME;
  return isTime ? Timestamp.fromMillis(Math.floor(value)) : null;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
