/** Describes tensors as views of storages. */
import { ELEMENT_SIZE, elementsOfType } from '../element.ts';
import { corrupt } from '../faults.ts';
import type { ByteSource } from '../source.ts';
import type { CheckpointTensor, TensorType } from '../tensor.ts';
import { Misfit, Modelled } from './values.ts';

/** Elements of one type in a row, which tensors are views of. */
export interface Storage {
  /** Number of elements. */
  readonly length: number;
  /** Where they are, once that is known: a legacy file says it last. */
  place(): { readonly source: ByteSource; readonly offset: number };
}

/** No network needs more dimensions. */
const MAX_RANK = 16;
/** A tensor may repeat elements (stride 0), as expand() makes them, up to this many: more is an attack on memory. */
const MAX_REPEATED = 1 << 16;

export class StridedTensor extends Modelled implements CheckpointTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  private readonly storage: Storage;
  /** Of its first element, in elements. */
  private readonly offset: number;
  private readonly strides: readonly number[];

  /** Throws Misfit where the tensor reaches outside its storage. All numbers are safe integers, none negative. */
  constructor(
    type: TensorType,
    shape: readonly number[],
    place: { readonly storage: Storage; readonly offset: number; readonly strides: readonly number[] },
  ) {
    super();
    const { storage, offset, strides } = place;
    if (shape.length > MAX_RANK) throw new Misfit(`a tensor has ${shape.length} dimensions`);
    if (strides.length !== shape.length) throw new Misfit('a tensor has not as many strides as dimensions');
    const count = elementCount(shape);
    // Computed in floating point, where what is too large for exact integers stays too large.
    const last = shape.reduce((sum, size, axis) => sum + Math.max(0, size - 1) * strides[axis]!, offset);
    const inside = count === 0 ? offset <= storage.length : last < storage.length;
    if (!inside) throw new Misfit('a tensor reaches outside its storage');
    if (count > Math.max(storage.length, MAX_REPEATED)) throw new Misfit('a tensor repeats its storage too often');
    this.type = type;
    this.shape = shape;
    this.storage = storage;
    this.offset = offset;
    this.strides = strides;
  }

  /** A parameter's attributes and hooks, which nothing here needs. */
  override build(): void {}

  get count(): number {
    return elementCount(this.shape);
  }

  floats(): Float32Array {
    const floats = this.type === 'float32' && this.isContiguous ? this.copy() : new Float32Array(this.elements());
    requireFinite(floats);
    return floats;
  }

  /** What most weights are: read to where they stay. */
  private copy(): Float32Array {
    const floats = new Float32Array(this.count);
    if (floats.length > 0) {
      const { source, offset } = this.storage.place();
      source.readInto(offset + this.offset * floats.BYTES_PER_ELEMENT, new Uint8Array(floats.buffer));
    }
    return floats;
  }

  private get isContiguous(): boolean {
    const row = contiguousStrides(this.shape);
    return this.shape.every((size, axis) => size === 1 || this.strides[axis] === row[axis]);
  }

  /** The values in their own precision (integers beyond 2^53 rounded), whatever they are. */
  numbers(): number[] {
    return Array.from(this.elements());
  }

  /** Row by row; possibly a view of the file. */
  private elements(): ArrayLike<number> {
    const { type, shape, strides, count } = this;
    if (count === 0) return [];
    const { source, offset } = this.storage.place();
    const size = ELEMENT_SIZE[type];
    const extent = 1 + shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 0);
    const elements = elementsOfType(type, source.read(offset + this.offset * size, extent * size));
    return this.isContiguous ? elements : gather(elements, shape, strides);
  }
}

/** Row by row. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= Math.max(1, size);
  }
  return strides;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function gather(elements: ArrayLike<number>, shape: readonly number[], strides: readonly number[]): Float64Array {
  const gathered = new Float64Array(elementCount(shape));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < gathered.length; to++) {
    gathered[to] = elements[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return gathered;
}

/** All bits of the exponent: NaN and the infinities. */
const EXPONENT = 0x7f800000;

function requireFinite(floats: Float32Array): void {
  const bits = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & EXPONENT) === EXPONENT) throw corrupt('a weight is not a finite number');
  }
}
