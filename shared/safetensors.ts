/** Reads and writes safetensors files. */
import { RewoundError } from './errors.ts';

/**
 * The safetensors file format (github.com/huggingface/safetensors, "Format"): 8 bytes with the little-endian length of
 * a JSON header, the header, then the tensors' raw little-endian values, row by row, without a gap.
 *
 * Nothing in such a file can be executed, but every number in it may lie; the reader believes none before it has
 * checked it against the bytes that are there.
 */
interface Arrays {
  readonly F64: Float64Array;
  readonly F32: Float32Array;
  /** Raw bits: half and bfloat16 have no array type of their own here. */
  readonly F16: Uint16Array;
  readonly BF16: Uint16Array;
  readonly I64: BigInt64Array;
  readonly I32: Int32Array;
  readonly U32: Uint32Array;
  readonly I16: Int16Array;
  readonly U16: Uint16Array;
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
  readonly BOOL: Uint8Array;
}

export type Dtype = keyof Arrays;
export type ArrayOf<D extends Dtype> = Arrays[D];

export interface Tensor<D extends Dtype = Dtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** The values' bytes: a view of the file, not a copy. */
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

type View<D extends Dtype> = (buffer: ArrayBufferLike, offset: number, length: number) => Arrays[D];

const VIEWS: { readonly [D in Dtype]: View<D> } = {
  F64: (buffer, offset, length) => new Float64Array(buffer, offset, length),
  F32: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  F16: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  BF16: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  I64: (buffer, offset, length) => new BigInt64Array(buffer, offset, length),
  I32: (buffer, offset, length) => new Int32Array(buffer, offset, length),
  U32: (buffer, offset, length) => new Uint32Array(buffer, offset, length),
  I16: (buffer, offset, length) => new Int16Array(buffer, offset, length),
  U16: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  I8: (buffer, offset, length) => new Int8Array(buffer, offset, length),
  U8: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
  BOOL: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
};

/** Bytes a value. */
const SIZES: { readonly [D in Dtype]: number } = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Bytes of the header, which is parsed whole: those of a hundred thousand tensors have fifteen million. */
const HEADER_LIMIT = 2 ** 25;
const METADATA = '__metadata__';

/** Where a tensor lies, from the end of the header on. */
export interface TensorPlace {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, TensorPlace>;
}

/**
 * Bytes of the header of a file of `size` bytes, from the eight that it begins with.
 *
 * @throws CHECKPOINT_CORRUPT if the header would not fit.
 */
export function headerLength(first: Uint8Array, size: number): number {
  if (first.length < 8) throw corrupt('it is shorter than its length field');
  const length = Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
  if (length > HEADER_LIMIT) throw corrupt(`its header would be longer than ${HEADER_LIMIT} bytes`);
  if (length > size - 8) throw corrupt('it ends within its header');
  return length;
}

/**
 * Reads the header of a file that has `room` bytes after it.
 *
 * @throws CHECKPOINT_CORRUPT if it is not valid, or the tensors do not fill the rest of the file exactly.
 */
export function readHeader(header: Uint8Array, room: number): SafetensorsHeader {
  const places = new Map<string, TensorPlace>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, entry] of Object.entries(parseHeader(header))) {
    if (name === METADATA) metadata = parseMetadata(entry);
    else places.set(name, parseEntry(name, entry, room));
  }

  // Also what a repeated name hides: JSON.parse keeps the last of two entries, and the first leaves a hole.
  const spans = [...places.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  for (const { begin, end } of spans) {
    if (begin !== filled) throw corrupt(begin < filled ? 'two tensors overlap' : 'there is a hole between two tensors');
    filled = end;
  }
  if (filled !== room) throw corrupt('bytes are left over after the last tensor');
  return { metadata, places };
}

/**
 * Reads a file held in memory, without copying a tensor.
 *
 * @throws CHECKPOINT_CORRUPT if the header is not valid, or the tensors do not fill the rest of the file exactly.
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const length = headerLength(file.subarray(0, 8), file.length);
  const data = file.subarray(8 + length);
  const { metadata, places } = readHeader(file.subarray(8, 8 + length), data.length);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, begin, end }] of places) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  return { metadata, tensors };
}

/**
 * The tensor's values: a view of the file where its place in memory allows one, else a copy.
 * @internal
 */
export function elements<D extends Dtype>({ dtype, shape, bytes }: Tensor<D>): ArrayOf<D> {
  const view: View<D> = VIEWS[dtype];
  const aligned = bytes.byteOffset % SIZES[dtype] === 0 ? bytes : new Uint8Array(bytes);
  return view(aligned.buffer, aligned.byteOffset, elementCount(shape));
}

/**
 * The values of the tensor called `name`, which must be there as a `dtype`.
 *
 * @throws CHECKPOINT_CORRUPT if it is not.
 */
export function elementsOf<D extends Dtype>({ tensors }: Safetensors, name: string, dtype: D): ArrayOf<D> {
  const tensor = tensors.get(name);
  if (!tensor) throw corrupt(`the tensor "${name}" is missing`);
  if (!hasDtype(tensor, dtype)) throw corrupt(`the tensor "${name}" is ${tensor.dtype}, not ${dtype}`);
  return elements(tensor);
}

/** A tensor of `values`; its shape is one-dimensional unless given. */
export function tensorOf<D extends Dtype>(dtype: D, values: ArrayOf<D>, shape?: readonly number[]): Tensor<D> {
  const { buffer, byteOffset, byteLength, length } = values;
  return { dtype, shape: shape ?? [length], bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/**
 * Writes a file: the same tensors and metadata give the same bytes, whatever order they come in. As in the reference
 * implementation wider types come first, each by name, and spaces pad the header to 8 bytes, so that every tensor can
 * be used in place.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = Object.entries(tensors).sort(
    ([aName, a], [bName, b]) => SIZES[b.dtype] - SIZES[a.dtype] || byCodeUnit(aName, bName),
  );
  const entries: [string, unknown][] = [];
  const pairs = Object.entries(metadata).sort(([a], [b]) => byCodeUnit(a, b));
  if (pairs.length > 0) entries.push([METADATA, Object.fromEntries(pairs)]);
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of ordered) {
    if (name === METADATA || elementCount(shape) * SIZES[dtype] !== bytes.length) {
      throw new RangeError(`The tensor "${name}" has a reserved name, or not as many bytes as its shape says.`);
    }
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes.length] }]);
    offset += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + padded + offset).fill(0x20, 8 + json.length, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  let at = 8 + padded;
  for (const [, { bytes }] of ordered) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

function parseHeader(bytes: Uint8Array): object {
  const last = bytes.findLast((byte) => byte !== 0x20);
  if (bytes[0] !== 0x7b || last !== 0x7d) throw corrupt('its header is not an object, padded with spaces');
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(header)) return header;
  } catch (cause) {
    throw corrupt('its header is not JSON', cause);
  }
  throw corrupt('its header is not an object');
}

function parseMetadata(entry: unknown): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (!isObject(entry)) throw corrupt('its metadata is not a map of strings');
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== 'string') throw corrupt('its metadata is not a map of strings');
    metadata.set(key, value);
  }
  return metadata;
}

function parseEntry(name: string, entry: unknown, room: number): TensorPlace {
  const label = JSON.stringify(name.slice(0, 80));
  if (!isObject(entry) || !('dtype' in entry && 'shape' in entry && 'data_offsets' in entry)) {
    throw corrupt(`the entry of ${label} lacks a field`);
  }
  const { dtype, shape, data_offsets: span } = entry;
  if (!isDtype(dtype)) throw corrupt(`the type of ${label} is not one Rewound knows`);
  if (!isSizes(shape)) throw corrupt(`the shape of ${label} is not a list of sizes`);
  if (!isSizes(span) || span.length !== 2) throw corrupt(`the place of ${label} is not a pair of offsets`);
  const [begin = 0, end = 0] = span;
  if (begin > end || end > room) throw corrupt(`${label} lies outside the file`);
  if (elementCount(shape) * SIZES[dtype] !== end - begin) throw corrupt(`${label} is not as long as its shape says`);
  return { dtype, shape, begin, end };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(SIZES, value);
}

function hasDtype<D extends Dtype>(tensor: Tensor, dtype: D): tensor is Tensor<D> {
  return tensor.dtype === dtype;
}

/** A product that is not exact as a double is larger than any file, and so never equals a length. */
function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function corrupt(what: string, cause?: unknown): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', `This is not a whole safetensors file: ${what}.`, {
    help: 'Copy or download the file again and compare its size with the original.',
    cause,
  });
}
