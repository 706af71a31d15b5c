/** Reads the values of a tensor by their type. */
import type { TensorType } from './tensor.ts';

/** Bytes a value. */
export const ELEMENT_SIZE: { readonly [T in TensorType]: number } = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
};

type Read = (bytes: Uint8Array) => ArrayLike<number>;

/** Values as numbers, from little-endian bytes whose number is a multiple of the element's size. */
const READ: { readonly [T in TensorType]: Read } = {
  float16: (bytes) => Float32Array.from(view16(bytes), (bits) => halves()[bits]!),
  bfloat16(bytes) {
    const wide = Uint32Array.from(view16(bytes), (bits) => bits << 16);
    return new Float32Array(wide.buffer);
  },
  float32: (bytes) => view(Float32Array, bytes),
  float64: (bytes) => view(Float64Array, bytes),
  bool: (bytes) => bytes.map((byte) => (byte === 0 ? 0 : 1)),
  uint8: (bytes) => bytes,
  int8: (bytes) => view(Int8Array, bytes),
  int16: (bytes) => view(Int16Array, bytes),
  int32: (bytes) => view(Int32Array, bytes),
  int64: (bytes) => Float64Array.from(view(BigInt64Array, bytes), Number),
};

/** The values as numbers: possibly a view of `bytes`. */
export function elementsOfType(type: TensorType, bytes: Uint8Array): ArrayLike<number> {
  return READ[type](bytes);
}

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

function view<T>(type: ArrayType<T>, bytes: Uint8Array): T {
  const size = type.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new type(aligned.buffer, aligned.byteOffset, aligned.length / size);
}

function view16(bytes: Uint8Array): Uint16Array {
  return view(Uint16Array, bytes);
}

let table: Float32Array | undefined;

/** The value of each half-precision number, by its bits. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const sign = bits < 0x8000 ? 1 : -1;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return table;
}
