/** Reads a file by ranges. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { RewoundError } from '../../errors.ts';
import { corrupt } from './faults.ts';

/** A file, read by ranges: a checkpoint of several GB is never in one buffer. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`, not to be written to. Throws CHECKPOINT_CORRUPT if they are not there. */
  read(offset: number, length: number): Uint8Array;
  /** Fills `target` with the bytes from `offset`: for what is kept, without a copy on the way. */
  readInto(offset: number, target: Uint8Array): void;
}

/** A view of `bytes`. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      requireInside(offset, length, bytes.length);
      return bytes.subarray(offset, offset + length);
    },
    readInto(offset, target) {
      requireInside(offset, target.length, bytes.length);
      target.set(bytes.subarray(offset, offset + target.length));
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
  const readInto = (offset: number, target: Uint8Array) => {
    requireInside(offset, target.length, size);
    let filled = 0;
    while (filled < target.length) {
      const count = readSync(descriptor, target, filled, target.length - filled, offset + filled);
      if (count === 0) throw ended();
      filled += count;
    }
  };
  return {
    size,
    read(offset, length) {
      requireInside(offset, length, size);
      const bytes = new Uint8Array(length);
      readInto(offset, bytes);
      return bytes;
    },
    readInto,
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
    readInto: (offset, target) => source.readInto(offset, target),
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
    readInto(offset, target) {
      requireInside(offset, target.length, size);
      source.readInto(begin + offset, target);
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
