/** Inflates one entry of a zip archive, and no more than it says. */
import { inflateRawSync } from 'node:zlib';
import { unreadable } from './faults.ts';

/** The `length` bytes that these inflate to. Throws ARCHIVE_INVALID where they are others. */
export function inflate(packed: Uint8Array, length: number): Uint8Array {
  try {
    // One byte more than is allowed, so that what is too long shows.
    const bytes = inflateRawSync(packed, { maxOutputLength: length + 1 });
    if (bytes.length === length) return bytes;
  } catch (cause) {
    throw unreadable('holds an entry that cannot be decompressed', undefined, cause);
  }
  throw unreadable('holds an entry that is not as long as it says');
}
