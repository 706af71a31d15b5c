import { writeSafetensors } from '../../../shared/safetensors.ts';
import { numpyArray, numpyScalar, nvlabsPickle, type SavedNetwork } from './nvlabs-writer.ts';
import { bytesOf, Call, Global, type Py } from './pickler.ts';
import { tensorFlowPickle } from './tensorflow-writer.ts';
import { floatTensor, type Saved, type SavedDict, torchEntries, torchLegacy, torchZip } from './torch-writer.ts';
import { zipOf } from './zip-writer.ts';

/** Tensors of every type and shape of memory, and what each must be read as. */
export const TENSORS: Readonly<Record<string, { readonly saved: Saved; readonly values: readonly number[] }>> = {
  half: {
    saved: { type: 'float16', shape: [5], storage: words(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000) },
    values: [1, -2, 2 ** -24, 65504, -0],
  },
  bf: { saved: { type: 'bfloat16', shape: [3], storage: words(0x3f80, 0xc020, 0x0001) }, values: [1, -2.5, 2 ** -133] },
  single: {
    saved: floatTensor([2, 2], [0.1, -3, 2 ** -149, 1e38]),
    values: [0.1, -3, 2 ** -149, 1e38].map(Math.fround),
  },
  double: {
    saved: { type: 'float64', shape: [2], storage: new Uint8Array(Float64Array.of(0.1, -1e-300).buffer) },
    values: [Math.fround(0.1), -0],
  },
  flags: { saved: { type: 'bool', shape: [2], storage: Uint8Array.of(1, 0) }, values: [1, 0] },
  bytes: { saved: { type: 'uint8', shape: [2], storage: Uint8Array.of(0, 255) }, values: [0, 255] },
  small: { saved: { type: 'int8', shape: [2], storage: Uint8Array.of(128, 127) }, values: [-128, 127] },
  short: { saved: { type: 'int16', shape: [2], storage: words(0x8000, 0x7fff) }, values: [-32768, 32767] },
  int: {
    saved: { type: 'int32', shape: [1], storage: new Uint8Array(Int32Array.of(-16777216).buffer) },
    values: [-16777216],
  },
  long: {
    saved: { type: 'int64', shape: [], storage: new Uint8Array(BigInt64Array.of(-12345678901n).buffer) },
    values: [Math.fround(-12345678901)],
  },
  transposed: {
    saved: { ...counted(12), shape: [4, 3], strides: [1, 4] },
    values: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
  },
  inner: { saved: { ...counted(12), shape: [2, 2], strides: [4, 1], offset: 5 }, values: [5, 6, 9, 10] },
  channelsLast: {
    saved: { ...counted(8), shape: [1, 2, 2, 2], strides: [8, 1, 4, 2] },
    values: [0, 2, 4, 6, 1, 3, 5, 7],
  },
  expanded: { saved: { ...counted(2), shape: [3, 2], strides: [0, 1] }, values: [0, 1, 0, 1, 0, 1] },
  none: { saved: floatTensor([0, 3], []), values: [] },
};

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}

function counted(count: number): Saved {
  return floatTensor(
    [count],
    Array.from({ length: count }, (_, i) => i),
  );
}

export const SAVED: SavedDict = Object.fromEntries(Object.entries(TENSORS).map(([name, { saved }]) => [name, saved]));

/** Keys of a legacy file: addresses. */
export const KEYS = Object.keys(TENSORS).map((_, i) => String(94_000_000_000_000 + 4096 * ((i * 7) % 16)));

export const NETWORK: SavedNetwork = {
  className: 'Generator',
  modules: {
    synthesis: {
      className: 'SynthesisNetwork',
      parameters: { weight: floatTensor([2, 3], [1, 2, 3, 4, 5, 6]) },
      buffers: { noise_const: floatTensor([2], [7, 8]) },
      attributes: {
        gain: numpyScalar('f8', new Uint8Array(Float64Array.of(Math.SQRT2).buffer)),
        size: numpyArray('i8', [2], new Uint8Array(BigInt64Array.of(16n, 32n).buffer)),
        up: numpyArray('f4', [2, 2], new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), true),
      },
    },
  },
  attributes: { z_dim: 8, resample: [1, 3, 3, 1], name: 'g', nothing: null, use_clip: true },
};

const easyDict = new Call(new Global('dnnlib.util', 'EasyDict'), [], {
  make: true,
  entries: new Map<Py, Py>([
    ['resolution', 16],
    ['path', '/data/set.zip'],
  ]),
});

const TENSORFLOW = {
  name: 'Gs',
  settings: { resolution: 4, fmap_base: 2048 },
  variables: { dlatent_avg: { shape: [2], values: [0.5, -0.5] }, lod: { shape: [], values: [0] } },
  components: {
    synthesis: {
      name: 'G_synthesis',
      settings: {},
      // Longer than what is kept as a text, which is how protocol 2 writes bytes.
      variables: {
        '4x4/Const/const': { shape: [1, 4, 34, 34], values: Array.from({ length: 4624 }, (_, i) => i / 64) },
      },
    },
  },
};

/** One valid file of every container, small. */
export const CONTAINERS: Readonly<Record<string, Uint8Array>> = {
  'torch zip': torchZip(SAVED, 'archive'),
  'torch zip, deflated': zipOf(
    torchEntries(SAVED, 'archive').map((entry) => ({ ...entry, deflate: entry.bytes.length > 0 })),
  ),
  'torch legacy': torchLegacy(SAVED, KEYS),
  'NVlabs pickle': nvlabsPickle({ G_ema: NETWORK }, new Map([['training_set_kwargs', easyDict]])),
  'TensorFlow pickle, protocol 2': tensorFlowPickle([TENSORFLOW, TENSORFLOW, TENSORFLOW], 2),
  'TensorFlow pickle, protocol 4': tensorFlowPickle([TENSORFLOW, TENSORFLOW, TENSORFLOW], 4),
  safetensors: writeSafetensors(
    { weight: { dtype: 'F32', shape: [2], bytes: new Uint8Array(Float32Array.of(1, 2).buffer) } },
    { format: 'pt' },
  ),
  'protocol 0': bytesOf(
    "(dp0\nVstep\np1\nI7\nsS'w'\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\ntcnumpy\ndtype\n(S'f4'\nI00\nI01\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x00\\x00\\x80?'\ntbs.",
  ),
};
