/** Reads files of archives by ranges. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { cutOff } from './faults.ts';

export interface Bytes {
  readonly size: number;
  /** Exactly `length` bytes from `start`. Throws ARCHIVE_INVALID if they are not there. */
  read(start: number, length: number): Uint8Array;
}

export interface OpenBytes extends Bytes {
  close(): void;
}

/** An open file. `shift` is where in the archive the file begins, if it holds a part of it. */
export function openBytes(path: string, shift = 0): OpenBytes {
  const descriptor = openSync(path, 'r');
  const { size } = fstatSync(descriptor);
  return {
    size: size + shift,
    read(start, length) {
      requireInside(start - shift, length, size);
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const count = readSync(descriptor, bytes, filled, length - filled, start - shift + filled);
        if (count === 0) throw cutOff();
        filled += count;
      }
      return bytes;
    },
    close: () => closeSync(descriptor),
  };
}

export function bytesOf(bytes: Uint8Array): Bytes {
  return {
    size: bytes.length,
    read(start, length) {
      requireInside(start, length, bytes.length);
      return bytes.subarray(start, start + length);
    },
  };
}

/** The same bytes, where small ranges near each other are read in one piece of `window` bytes. */
export function buffered(source: Bytes, window = 2 ** 20): Bytes {
  let start = 0;
  let held = new Uint8Array(0);
  return {
    size: source.size,
    read(from, length) {
      if (length > window / 2) return source.read(from, length);
      if (from < start || from + length > start + held.length) {
        requireInside(from, length, source.size);
        held = new Uint8Array(source.read(from, Math.min(window, source.size - from)));
        start = from;
      }
      return held.subarray(from - start, from - start + length);
    },
  };
}

function requireInside(start: number, length: number, size: number): void {
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(length) && start >= 0 && length >= 0;
  if (!isRange || start > size - length) throw cutOff();
}
