/** Reads and writes matrices as .npy files. */
import { RewoundError } from '../errors.ts';

/** A two-dimensional array of floats. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Row by row. */
  readonly data: Float32Array;
}

/** Bytes of a header: it names a type and a shape. NumPy itself reads no more than 10,000 characters. */
const MOST_HEADER = 2 ** 16;

function mismatch(message: string): RewoundError {
  return new RewoundError('GALLERY_MISMATCH', message, {
    help: 'Save the embeddings with numpy.save as a float32 array of shape [photos, length].',
  });
}

/**
 * Reads a .npy file (numpy.lib.format, versions 1 to 3) of float32 or float64 in C order, two-dimensional.
 * Throws GALLERY_MISMATCH.
 */
export function decodeNpy(bytes: Uint8Array): Matrix {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || !magic.every((byte, i) => bytes[i] === byte)) throw mismatch('The .npy file is not one.');
  const long = bytes[6]! >= 2;
  const headerLength = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + headerLength;
  if (headerLength > MOST_HEADER) throw mismatch('The header of the .npy file is too long.');
  if (start > bytes.length) throw mismatch('The .npy file is cut short.');
  const header = new TextDecoder('latin1').decode(bytes.subarray(long ? 12 : 10, start));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const [, rows, columns] = /'shape':\s*\((\d+),\s*(\d+),?\s*\)/.exec(header) ?? [];
  if (type !== '<f4' && type !== '<f8') throw mismatch('The .npy file is not of little-endian floats.');
  if (!/'fortran_order':\s*False/.test(header)) throw mismatch('The .npy file is in Fortran order.');
  if (rows === undefined || columns === undefined) throw mismatch('The .npy file is not two-dimensional.');
  const count = Number(rows) * Number(columns);
  const width = type === '<f4' ? 4 : 8;
  if (!Number.isSafeInteger(count) || count < 1 || bytes.length - start !== count * width)
    throw mismatch('The .npy file is not as long as it says.');
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    data[i] = width === 4 ? view.getFloat32(start + 4 * i, true) : view.getFloat64(start + 8 * i, true);
  }
  return { rows: Number(rows), columns: Number(columns), data };
}

/** A .npy file (version 1) of float32. */
export function encodeNpy({ rows, columns, data }: Matrix): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data begins at a multiple of 64; the header ends with a line break.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  out.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return out;
}
