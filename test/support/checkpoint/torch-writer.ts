import type { TensorType } from '../../../shared/checkpoint/formats/tensor.ts';
import { bytesOf, Call, Global, PersistentId, type Py, pickle, Tuple, u64 } from './pickler.ts';
import { type Entry, zipOf } from './zip-writer.ts';

/** A tensor as torch saves one: bytes of its storage, and how it looks at them. */
export interface Saved {
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Row by row unless given. */
  readonly strides?: readonly number[];
  readonly offset?: number;
  readonly storage: Uint8Array;
}

const STORAGE_CLASS: { readonly [T in TensorType]: string } = {
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  float32: 'FloatStorage',
  float64: 'DoubleStorage',
  bool: 'BoolStorage',
  uint8: 'ByteStorage',
  int8: 'CharStorage',
  int16: 'ShortStorage',
  int32: 'IntStorage',
  int64: 'LongStorage',
};

const SIZE: { readonly [T in TensorType]: number } = {
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

export function floatTensor(shape: readonly number[], values: readonly number[]): Saved {
  const floats = Float32Array.from(values);
  return { type: 'float32', shape, storage: new Uint8Array(floats.buffer) };
}

function rowStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= Math.max(1, size);
  }
  return strides;
}

function lengthOf({ type, storage }: Saved): number {
  return storage.length / SIZE[type];
}

export function emptyOrderedDict(): Call {
  return new Call(new Global('collections', 'OrderedDict'), []);
}

/** torch._utils._rebuild_tensor_v2 of a storage. */
export function tensorCall(saved: Saved, storage: Py): Call {
  const { shape, strides = rowStrides(shape), offset = 0 } = saved;
  const args = [storage, offset, new Tuple(...shape), new Tuple(...strides), false, emptyOrderedDict()];
  return new Call(new Global('torch._utils', '_rebuild_tensor_v2'), args);
}

export type SavedDict = Readonly<Record<string, Saved>>;

/** Makes the object of a file from its tensors, each as the pickle says it. */
export type Shape = (tensors: ReadonlyMap<string, Py>) => Py;

const asDict: Shape = (tensors) => new Map(tensors);

/** torch.save(object, path): a zip archive. */
export function torchZip(dict: SavedDict, root: string, shape: Shape = asDict): Uint8Array {
  return zipOf(torchEntries(dict, root, shape));
}

export function torchEntries(dict: SavedDict, root: string, shape: Shape = asDict): Entry[] {
  const storages = Object.values(dict);
  const tensors = Object.entries(dict).map(([name, saved], i): [string, Py] => [
    name,
    tensorCall(saved, storageId(saved, String(i))),
  ]);
  return [
    { name: `${root}/data.pkl`, bytes: pickle(shape(new Map(tensors))) },
    ...storages.map(({ storage }, i) => ({ name: `${root}/data/${i}`, bytes: storage })),
    { name: `${root}/version`, bytes: bytesOf('3\n') },
  ];
}

function storageId(saved: Saved, key: string, ...view: null[]): PersistentId {
  const type = new Global('torch', STORAGE_CLASS[saved.type]);
  return new PersistentId(new Tuple('storage', type, key, 'cpu', lengthOf(saved), ...view));
}

/** torch.save(object, path, _use_new_zipfile_serialization=False): five pickles, then the storages by key. */
export function torchLegacy(dict: SavedDict, keys: readonly string[], shape: Shape = asDict): Uint8Array {
  const tensors = Object.entries(dict).map(([name, saved], i): [string, Py] => [
    name,
    tensorCall(saved, storageId(saved, keys[i]!, null)),
  ]);
  return legacyFile(shape(new Map(tensors)), new Map(Object.values(dict).map((saved, i) => [keys[i]!, saved])));
}

/** A storage alone, as torch_utils.persistence and pickle.dump have each within their own pickle. */
export function storageFile(saved: Saved, key: string): Uint8Array {
  return legacyFile(storageId(saved, key, null), new Map([[key, saved]]));
}

function legacyFile(object: Py, storages: ReadonlyMap<string, Saved>): Uint8Array {
  const keys = [...storages.keys()].sort();
  const sizes = new Map<Py, Py>([
    ['short', 2],
    ['int', 4],
    ['long', 4],
  ]);
  const facts = new Map<Py, Py>([
    ['protocol_version', 1001],
    ['little_endian', true],
    ['type_sizes', sizes],
  ]);
  return bytesOf(
    pickle(0x1950a86a20f9469cfc6cn),
    pickle(1001),
    pickle(facts),
    pickle(object),
    pickle(keys),
    ...keys.flatMap((key) => {
      const saved = storages.get(key)!;
      return [u64(lengthOf(saved)), saved.storage];
    }),
  );
}
