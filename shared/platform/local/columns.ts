/** Reads the columns of SQLite by their type. */
import { damaged } from './errors.ts';

/** The value of a TEXT column. Throws STATE_DAMAGED if it is anything else. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw damaged();
}

/** The value of an INTEGER column. Throws STATE_DAMAGED if it is anything else. */
export function integer(value: unknown): number {
  if (typeof value === 'number') return value;
  throw damaged();
}

/** The value of a BLOB column. Throws STATE_DAMAGED if it is anything else. */
export function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw damaged();
}
