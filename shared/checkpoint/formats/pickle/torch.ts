/** Models the tensors and storages of torch. */

import type { TensorType } from '../tensor.ts';
import { bytesOf, countOf, countsOf, globalOf, itemsOf, textOf } from './arguments.ts';
import { NdArray } from './numpy.ts';
import { TorchStorage } from './storage.ts';
import { StridedTensor } from './strided.ts';
import { type Constructor, type Global, Misfit, Modelled, type PickleValue, Sequence } from './values.ts';

const STORAGE_TYPES: ReadonlyMap<string, TensorType> = new Map([
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['FloatStorage', 'float32'],
  ['DoubleStorage', 'float64'],
  ['BoolStorage', 'bool'],
  ['ByteStorage', 'uint8'],
  ['CharStorage', 'int8'],
  ['ShortStorage', 'int16'],
  ['IntStorage', 'int32'],
  ['LongStorage', 'int64'],
]);

const DTYPES: ReadonlyMap<string, TensorType> = new Map([
  ['float16', 'float16'],
  ['half', 'float16'],
  ['bfloat16', 'bfloat16'],
  ['float32', 'float32'],
  ['float', 'float32'],
  ['float64', 'float64'],
  ['double', 'float64'],
  ['bool', 'bool'],
  ['uint8', 'uint8'],
  ['int8', 'int8'],
  ['int16', 'int16'],
  ['short', 'int16'],
  ['int32', 'int32'],
  ['int', 'int32'],
  ['int64', 'int64'],
  ['long', 'int64'],
]);

/** The type of a storage by the name of its class; bytes of any type for an untyped one; undefined for others. */
export function storageType({ module, name }: Global): TensorType | 'bytes' | undefined {
  if (name === 'UntypedStorage') return 'bytes';
  return module === 'torch' || module === 'torch.cuda' ? STORAGE_TYPES.get(name) : undefined;
}

function storageOf(value: PickleValue | undefined): TorchStorage {
  if (value instanceof TorchStorage) return value;
  throw new Misfit('a tensor has no storage');
}

/** (storage, offset, shape, strides, ...) as elements of `type`. */
function tensorOf(args: readonly PickleValue[], type: TensorType): StridedTensor {
  const [storage, offset, shape, strides] = args;
  return new StridedTensor(type, countsOf(shape, 'the shape of a tensor'), {
    storage: storageOf(storage).as(type),
    offset: countOf(offset, 'the offset of a tensor'),
    strides: countsOf(strides, 'the strides of a tensor'),
  });
}

/** torch._utils._rebuild_tensor and _rebuild_tensor_v2, which adds only what training needs. */
const rebuildTensor: Constructor = {
  call(args) {
    const { type } = storageOf(args[0]);
    if (type === 'bytes') throw new Misfit('a tensor of an untyped storage has no type');
    return tensorOf(args, type);
  },
};

/** ... _v3(storage, offset, shape, strides, requires_grad, hooks, dtype). */
const rebuildTensorV3: Constructor = {
  call(args) {
    const { module, name } = globalOf(args[6], 'the type of a tensor');
    const type = module === 'torch' ? DTYPES.get(name) : undefined;
    if (!type) throw new Misfit('the type of a tensor is not one Rewound knows');
    return tensorOf(args, type);
  },
};

/** _rebuild_parameter(tensor, requires_grad, hooks). */
const rebuildParameter: Constructor = {
  call([data]) {
    if (data instanceof StridedTensor) return data;
    throw new Misfit('a parameter is no tensor');
  },
};

/** _rebuild_device_tensor_from_numpy(array, dtype, device, requires_grad), as tensors of a TPU and other devices are saved. */
const rebuildFromNumpy: Constructor = {
  call([array]) {
    if (array instanceof NdArray && array.tensor) return array.tensor;
    throw new Misfit('a tensor of another device is no array');
  },
};

/** torch._tensor._rebuild_from_type_v2(function, class, arguments, state). */
const rebuildFromType: Constructor = {
  call([make, , args], context) {
    const { constructs } = globalOf(make, 'the maker of a tensor');
    // One level: these makers call no others.
    if (constructs !== rebuildTensor && constructs !== rebuildTensorV3 && constructs !== rebuildParameter) {
      throw new Misfit('the maker of a tensor is none');
    }
    return constructs.call!(itemsOf(args, 'the arguments of a tensor'), context);
  },
};

/** torch.Size(tuple). */
const size: Constructor = { call: ([items]) => new Sequence('tuple', [...countsOf(items, 'a size')]) };

/** torch.device(type, index). */
const device: Constructor = { call: ([type]) => textOf(type, 'a device') };

/** torch.storage._load_from_bytes(bytes): a storage as a whole torch file within the file. */
const loadFromBytes: Constructor = {
  call([bytes], { torchFile }) {
    const value = torchFile(bytesOf(bytes, 'a file within the file'));
    if (value instanceof Modelled) return value;
    throw new Misfit('a file within the file holds no storage');
  },
};

export const TORCH_GLOBALS: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ['torch._utils _rebuild_tensor', rebuildTensor],
  ['torch._utils _rebuild_tensor_v2', rebuildTensor],
  ['torch._utils _rebuild_tensor_v3', rebuildTensorV3],
  ['torch._utils _rebuild_parameter', rebuildParameter],
  ['torch._utils _rebuild_parameter_with_state', rebuildParameter],
  ['torch._utils _rebuild_device_tensor_from_numpy', rebuildFromNumpy],
  ['torch._utils _rebuild_xla_tensor', rebuildFromNumpy],
  ['torch._tensor _rebuild_from_type_v2', rebuildFromType],
  ['torch.storage _load_from_bytes', loadFromBytes],
  ['torch Size', size],
  ['torch device', device],
  ['torch Tensor', {}],
  ['torch.nn.parameter Parameter', {}],
  ['torch.nn.parameter Buffer', {}],
  ['torch UntypedStorage', {}],
  ['torch.storage UntypedStorage', {}],
  ...['torch', 'torch.cuda'].flatMap((module) =>
    [...STORAGE_TYPES.keys()].map((name): [string, Constructor] => [`${module} ${name}`, {}]),
  ),
  ...[...DTYPES.keys()].map((name): [string, Constructor] => [`torch ${name}`, {}]),
]);
