/** Models the arrays and numbers of numpy. */
import { ELEMENT_SIZE, elementsOfType } from '../element.ts';
import type { TensorType } from '../tensor.ts';
import { bytesOf, countsOf, itemsOf, textOf } from './arguments.ts';
import { contiguousStrides, elementCount, StridedTensor } from './strided.ts';
import { type Bytes, type Constructor, Misfit, Modelled, type PickleValue } from './values.ts';

/** numpy's own codes: kind and bytes. Those without a type here are read, but hold nothing that can be used. */
const TYPES: ReadonlyMap<string, TensorType> = new Map([
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['b1', 'bool'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
]);

class Dtype extends Modelled {
  private readonly code: string;
  private order = '=';

  constructor(code: string) {
    super();
    this.code = code;
  }

  /** (version, byte order, ...). */
  override build(state: PickleValue): void {
    this.order = textOf(itemsOf(state, 'the state of a dtype')[1], 'the byte order');
  }

  /** undefined where Rewound has no such type. */
  get type(): TensorType | undefined {
    const type = TYPES.get(this.code);
    // Nobody trains on such a machine any more; to leave the array out without a word would be worse.
    if (type && ELEMENT_SIZE[type] > 1 && this.order === '>') throw new Misfit('an array is big-endian');
    return type;
  }
}

/** An array: empty until it is given its state. */
export class NdArray extends Modelled {
  /** undefined where its type is none of Rewound's. */
  tensor: StridedTensor | undefined;

  /** (version, shape, dtype, whether the first index runs fastest, bytes); very old files leave out the version. */
  override build(state: PickleValue): void {
    const fields = itemsOf(state, 'the state of an array');
    const [shape, dtype, fortran, data] = fields.slice(-4);
    this.fill(dtypeOf(dtype), countsOf(shape, 'the shape of an array'), fortran === true || fortran === 1, data);
  }

  fill(dtype: Dtype, shape: readonly number[], fortran: boolean, data: PickleValue | undefined): void {
    const { type } = dtype;
    if (!type) return;
    const bytes = bytesOf(data, 'the data of an array');
    if (elementCount(shape) * ELEMENT_SIZE[type] !== bytes.length) {
      throw new Misfit('an array has not as many bytes as its shape says');
    }
    const strides = fortran ? contiguousStrides(shape.toReversed()).toReversed() : contiguousStrides(shape);
    const storage = { length: elementCount(shape), place: () => bytes };
    this.tensor = new StridedTensor(type, shape, { storage, offset: 0, strides });
  }
}

function dtypeOf(value: PickleValue | undefined): Dtype {
  if (value instanceof Dtype) return value;
  throw new Misfit('the type of an array is not a dtype');
}

/** numpy.dtype(code, align, copy). */
const dtype: Constructor = { call: ([code]) => new Dtype(textOf(code, 'the code of a dtype')) };

/** numpy.core.multiarray._reconstruct(ndarray, shape, type): the empty array that its state then fills. */
const reconstruct: Constructor = { call: () => new NdArray() };

/** numpy.core.multiarray.scalar(dtype, bytes). */
const scalar: Constructor = {
  call([dtype, data]) {
    const { type } = dtypeOf(dtype);
    if (!type) return null;
    const bytes: Bytes = bytesOf(data, 'the value of a number');
    if (bytes.length !== ELEMENT_SIZE[type]) throw new Misfit('a number has not as many bytes as its type');
    const value = elementsOfType(type, bytes.read())[0]!;
    return type === 'bool' ? value === 1 : value;
  },
};

/** numpy.core.numeric._frombuffer(bytes, dtype, shape, order), as protocol 5 has it. */
const fromBuffer: Constructor = {
  call([data, dtype, shape, order]) {
    const array = new NdArray();
    array.fill(dtypeOf(dtype), countsOf(shape, 'the shape of an array'), order === 'F', data);
    return array;
  },
};

const SCALAR_TYPES = 'float16 float32 float64 bool_ bool uint8 int8 int16 int32 int64 longlong float_ int_';

export const NUMPY_GLOBALS: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ['numpy dtype', dtype],
  ['numpy ndarray', {}],
  ...SCALAR_TYPES.split(' ').map((name): [string, Constructor] => [`numpy ${name}`, {}]),
  // numpy 2 renamed "core".
  ...['numpy.core', 'numpy._core'].flatMap((core): [string, Constructor][] => [
    [`${core}.multiarray _reconstruct`, reconstruct],
    [`${core}.multiarray scalar`, scalar],
    [`${core}.numeric _frombuffer`, fromBuffer],
  ]),
]);
