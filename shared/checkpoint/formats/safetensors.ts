/** Reads checkpoints in safetensors files. */
import { type Dtype, headerLength, readHeader } from '../../safetensors.ts';
import { ELEMENT_SIZE } from './element.ts';
import { corrupt } from './faults.ts';
import type { LoadedCheckpoint } from './loaded.ts';
import { contiguousStrides, elementCount, StridedTensor } from './pickle/strided.ts';
import { Misfit } from './pickle/values.ts';
import { type ByteSource, part } from './source.ts';
import type { CheckpointTensor, TensorType } from './tensor.ts';

/** Types that no network has weights of are left out. */
const TYPES: { readonly [D in Dtype]: TensorType | undefined } = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  U32: undefined,
  I16: 'int16',
  U16: undefined,
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

export function loadSafetensors(file: ByteSource): LoadedCheckpoint {
  const length = headerLength(file.read(0, Math.min(8, file.size)), file.size);
  const data = part(file, 8 + length, file.size - 8 - length);
  const { metadata, places } = readHeader(file.read(8, length), data.size);
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, { dtype, shape, begin, end }] of places) {
    const type = TYPES[dtype];
    if (!type) continue;
    const count = elementCount(shape);
    if (count * ELEMENT_SIZE[type] !== end - begin) throw corrupt('a tensor is not as long as its shape says');
    const storage = { length: count, place: () => ({ source: data, offset: begin }) };
    tensors.set(name, tensorOf(type, shape, { storage, offset: 0, strides: contiguousStrides(shape) }));
  }
  return {
    container: 'safetensors',
    modules: new Map(),
    stateDicts: new Map([['', tensors]]),
    settings: metadata,
    findings: [],
  };
}

function tensorOf(...args: ConstructorParameters<typeof StridedTensor>): StridedTensor {
  try {
    return new StridedTensor(...args);
  } catch (cause) {
    if (cause instanceof Misfit) throw corrupt(cause.message, cause);
    throw cause;
  }
}
