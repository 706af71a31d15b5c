import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { RewoundError } from '../errors.ts';
import { corrupt } from './faults.ts';

/** A file, read by ranges: a checkpoint of several GB is never in one buffer. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`, not to be written to. Throws CHECKPOINT_CORRUPT if they are not there. */
  read(offset: number, length: number): Uint8Array;
}

/** A view of `bytes`. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      requireInside(offset, length, bytes.length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

export interface FileSource extends ByteSource {
  close(): void;
}

/** An open file. Tensors read from it when they are asked for their values, so it stays open until then. */
export function fileSource(path: string): FileSource {
  const descriptor = openSync(path, 'r');
  const { size } = fstatSync(descriptor);
  return {
    size,
    read(offset, length) {
      requireInside(offset, length, size);
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
        if (count === 0) throw ended();
        filled += count;
      }
      return bytes;
    },
    close: () => closeSync(descriptor),
  };
}

const WINDOW = 1 << 15;

/** The same source, but many small ranges near each other are read from it in one piece. */
export function buffered(source: ByteSource): ByteSource {
  let begin = 0;
  let window: Uint8Array = new Uint8Array(0);
  return {
    size: source.size,
    read(offset, length) {
      if (length > WINDOW / 4) return source.read(offset, length);
      requireInside(offset, length, source.size);
      if (offset < begin || offset + length > begin + window.length) {
        window = source.read(offset, Math.min(WINDOW, source.size - offset));
        begin = offset;
      }
      return window.subarray(offset - begin, offset - begin + length);
    },
  };
}

/** A part of `source` as if it were a file of its own. */
export function part(source: ByteSource, begin: number, size: number): ByteSource {
  requireInside(begin, size, source.size);
  return {
    size,
    read(offset, length) {
      requireInside(offset, length, size);
      return source.read(begin + offset, length);
    },
  };
}

function requireInside(offset: number, length: number, size: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) throw ended();
  if (offset < 0 || length < 0 || offset > size - length) throw ended();
}

function ended(): RewoundError {
  return corrupt('it ends before its contents do');
}
