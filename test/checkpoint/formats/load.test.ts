import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../../shared/checkpoint/formats/load.ts';
import { stateDictOf } from '../../../shared/checkpoint/formats/saved-module.ts';
import { bytesSource, fileSource } from '../../../shared/checkpoint/formats/source.ts';
import type { StateDict } from '../../../shared/checkpoint/formats/tensor.ts';
import { readZip } from '../../../shared/checkpoint/formats/torch/zip.ts';
import { CONTAINERS, KEYS, NETWORK, TENSORS } from '../../support/checkpoint/every-container.ts';
import { nvlabsPickle } from '../../support/checkpoint/nvlabs-writer.ts';
import { Call, Float, Global, type Py, pickle, Tuple } from '../../support/checkpoint/pickler.ts';
import { floatTensor, type Saved, type Shape, torchLegacy, torchZip } from '../../support/checkpoint/torch-writer.ts';
import { fileOf } from '../../support/files.ts';
import { sharedData } from '../../support/shared-data.ts';

function load(bytes: Uint8Array) {
  return loadCheckpoint(bytesSource(bytes));
}

function container(name: keyof typeof CONTAINERS) {
  return load(CONTAINERS[name]!);
}

function values(tensors: StateDict | undefined): Record<string, number[]> {
  return Object.fromEntries([...(tensors ?? [])].map(([name, tensor]) => [name, [...tensor.floats()]]));
}

const EXPECTED = Object.fromEntries(Object.entries(TENSORS).map(([name, one]) => [name, one.values]));

describe('PyTorch', () => {
  it.each(['torch zip', 'torch zip, deflated', 'torch legacy'])(
    '%s: every type, every way to lie in memory, bit for bit',
    (name) => {
      const loaded = container(name);
      expect(loaded.container).toBe(name.split(',')[0]);
      expect([...loaded.stateDicts.keys()]).toEqual(['']);
      const tensors = loaded.stateDicts.get('');
      expect(values(tensors)).toEqual(EXPECTED);
      for (const [key, tensor] of tensors ?? []) {
        expect(tensor.type).toBe(TENSORS[key]?.saved.type);
        expect(tensor.shape).toEqual(TENSORS[key]?.saved.shape);
      }
      expect(loaded.findings).toEqual([]);
    },
  );

  it('reads from an open file, by ranges', () => {
    const file = fileSource(fileOf(CONTAINERS['torch zip']!));
    try {
      expect(values(loadCheckpoint(file).stateDicts.get(''))).toEqual(EXPECTED);
    } finally {
      file.close();
    }
  });

  it('finds state dicts however they are wrapped, and the settings beside them', () => {
    const wrapped: Shape = (tensors) => {
      const namespace = new Call(new Global('argparse', 'Namespace'), [], {
        make: true,
        state: new Map([['size', 64]]),
      });
      const state = new Map<Py, Py>([[0, new Map<Py, Py>([['exp_avg', tensors.get('a')!]])]]);
      return new Map<Py, Py>([
        ['g_ema', new Map(tensors)],
        ['model', new Map<Py, Py>([['generator', new Map([['module.w', tensors.get('a')!]])]])],
        ['latent_avg', tensors.get('b')!],
        ['g_optim', new Map<Py, Py>([['state', state]])],
        ['args', namespace],
        ['ada_aug_p', new Float(0)],
      ]);
    };
    const loaded = load(torchZip({ a: floatTensor([1], [1]), b: floatTensor([1], [2]) }, 'archive', wrapped));
    expect([...loaded.stateDicts].map(([path, tensors]) => [path, [...tensors.keys()]])).toEqual([
      ['', ['latent_avg']],
      ['g_ema', ['a', 'b']],
      ['model.generator', ['module.w']],
    ]);
    expect(loaded.settings.get('args')).toEqual(new Map([['size', 64]]));
    expect(loaded.settings.get('ada_aug_p')).toBe(0);
    expect(loaded.findings).toEqual([{ global: 'argparse.Namespace', offset: expect.any(Number), refused: false }]);
  });

  it.each([torchZip, torchLegacy])('reads a network saved whole, its classes by name alone', (write) => {
    const whole: Shape = (tensors) => {
      const child = moduleCall('torch.nn.modules.conv', 'ConvTranspose2d', [['weight', tensors.get('a')!]], []);
      return moduleCall('__main__', 'Net', [], [['main', child]]);
    };
    const saved = { a: floatTensor([2], [1, 2]) };
    const loaded = load(write === torchZip ? torchZip(saved, 'net', whole) : torchLegacy(saved, KEYS, whole));
    expect(loaded.modules.get('')?.className).toBe('Net');
    expect(loaded.modules.get('')?.modules.get('main')?.className).toBe('ConvTranspose2d');
    expect(values(loaded.stateDicts.get(''))).toEqual({ 'main.weight': [1, 2] });
    expect(loaded.findings.map(({ global, refused }) => [global, refused])).toEqual([
      ['__main__.Net', true],
      ['torch.nn.modules.conv.ConvTranspose2d', false],
    ]);
  });

  it.each([
    ['not a number', [Number.NaN]],
    ['infinite', [1, Number.POSITIVE_INFINITY]],
    ['infinite', [Number.NEGATIVE_INFINITY, 1]],
  ])('refuses a weight that is %s', (_, weights) => {
    const tensor = load(torchZip({ w: floatTensor([weights.length], weights) }, 'a'))
      .stateDicts.get('')
      ?.get('w');
    expect(() => tensor?.floats()).toThrow('not a finite number');
  });

  it('refuses a double beyond the range of floats', () => {
    const storage = new Uint8Array(Float64Array.of(1e300).buffer);
    const tensor = load(torchZip({ w: { type: 'float64', shape: [1], storage } }, 'a'))
      .stateDicts.get('')
      ?.get('w');
    expect(() => tensor?.floats()).toThrow('not a finite number');
  });
});

function moduleCall(module: string, name: string, parameters: [Py, Py][], modules: [Py, Py][]): Call {
  const state = new Map<Py, Py>([
    ['_parameters', new Map(parameters)],
    ['_buffers', new Map()],
    ['_modules', new Map(modules)],
  ]);
  return new Call(new Global(module, name), [], { make: true, state });
}

describe('NVlabs', () => {
  it('reads networks, their tensors and their attributes', () => {
    const loaded = container('NVlabs pickle');
    expect(loaded.container).toBe('NVlabs pickle');
    const network = loaded.modules.get('G_ema')!;
    expect(network.className).toBe('Generator');
    expect(network.attributes).toEqual(
      new Map<string, unknown>([
        ['training', false],
        ['z_dim', 8],
        ['resample', [1, 3, 3, 1]],
        ['name', 'g'],
        ['nothing', null],
        ['use_clip', true],
      ]),
    );
    const synthesis = network.modules.get('synthesis')!;
    expect(values(synthesis.parameters)).toEqual({ weight: [1, 2, 3, 4, 5, 6] });
    expect(values(synthesis.buffers)).toEqual({ noise_const: [7, 8] });
    expect(synthesis.attributes.get('gain')).toBe(Math.SQRT2);
    expect(synthesis.attributes.get('size')).toEqual([16, 32]);
    expect(synthesis.attributes.get('up')).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(values(stateDictOf(network))).toEqual({
      'synthesis.weight': [1, 2, 3, 4, 5, 6],
      'synthesis.noise_const': [7, 8],
    });
    expect(loaded.settings.get('training_set_kwargs')).toEqual(
      new Map<string, unknown>([
        ['resolution', 16],
        ['path', '/data/set.zip'],
      ]),
    );
  });

  it('reads on past code it refuses, and says where that is', () => {
    const evil = new Call(new Global('os', 'system'), ['touch /tmp/pwned']);
    const bytes = nvlabsPickle({ G_ema: NETWORK }, new Map<Py, Py>([['augment_pipe', evil]]));
    const loaded = load(bytes);
    expect([...loaded.modules.keys()]).toEqual(['G_ema']);
    const [finding] = loaded.findings;
    expect(finding).toEqual({ global: 'os.system', offset: expect.any(Number), refused: true });
    expect(bytes[finding!.offset]).toBe(0x93);
  });
});

describe('TensorFlow-era pickles', () => {
  it.each([2, 4])('protocol %i', (protocol) => {
    const loaded = container(`TensorFlow pickle, protocol ${protocol}`);
    expect(loaded.container).toBe('TensorFlow StyleGAN pickle');
    expect([...loaded.modules.keys()]).toEqual(['G', 'D', 'Gs']);
    const network = loaded.modules.get('Gs')!;
    expect(values(network.parameters)).toEqual({ dlatent_avg: [0.5, -0.5], lod: [0] });
    expect(network.attributes.get('static_kwargs')).toEqual(
      new Map([
        ['resolution', 4],
        ['fmap_base', 2048],
      ]),
    );
    const constant = network.modules.get('synthesis')?.parameters.get('4x4/Const/const');
    expect(constant?.shape).toEqual([1, 4, 34, 34]);
    expect(constant?.floats()).toEqual(Float32Array.from({ length: 4624 }, (_, i) => i / 64));
  });
});

describe('other files', () => {
  it('safetensors', () => {
    const loaded = container('safetensors');
    expect(loaded.container).toBe('safetensors');
    expect(values(loaded.stateDicts.get(''))).toEqual({ weight: [1, 2] });
    expect(loaded.settings).toEqual(new Map([['format', 'pt']]));
  });

  it('a pickle of numpy arrays by protocol 0', () => {
    const loaded = container('protocol 0');
    expect(values(loaded.stateDicts.get(''))).toEqual({ w: [1] });
    expect(loaded.settings.get('step')).toBe(7);
  });

  it('shared and circular values', () => {
    // A list that holds itself, beside a tensor: d = {'w': array, 'loop': l}; l.append(l).
    const bytes = Buffer.from(CONTAINERS['protocol 0']!);
    const end = bytes.subarray(0, -1);
    const loaded = load(Buffer.concat([end, Buffer.from('Vloop\n(lp9\ng9\nas.')]));
    expect([...loaded.stateDicts.keys()]).toEqual(['']);
    expect([...loaded.settings.keys()]).toEqual(['step']);
  });

  it('nothing to read', () => {
    expect(() => load(pickle(new Tuple(1, 2)))).toThrow(expect.objectContaining({ code: 'CHECKPOINT_UNSUPPORTED' }));
    expect(() => load(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
  });
});

const folder = sharedData('checkpoints');

describe.runIf(folder)('files written by PyTorch', () => {
  const wanted = () => JSON.parse(readFileSync(join(folder!, 'misc.json'), 'utf8')) as Record<string, number[]>;

  it.each(['misc.pt', 'misc.legacy.pt'])('%s: bit for bit', (name) => {
    const loaded = load(readFileSync(join(folder!, name)));
    const expected = Object.entries(wanted()).map(([key, list]) => [key, list.map(Math.fround)]);
    expect(values(loaded.stateDicts.get(''))).toEqual(Object.fromEntries(expected));
  });

  it('are written by the tests to the byte', () => {
    const zip = readFileSync(join(folder!, 'misc.pt'));
    const entries = readZip(bytesSource(zip));
    const storage = (i: number) => {
      const contents = entries.get(`misc/data/${i}`)!.open(Number.POSITIVE_INFINITY);
      return contents.read(0, contents.size);
    };
    const dict: Record<string, Saved> = {
      half: { type: 'float16', shape: [3, 4], storage: storage(0) },
      bf: { type: 'bfloat16', shape: [3, 4], storage: storage(1) },
      view: { type: 'float32', shape: [3, 2], strides: [1, 12], offset: 1, storage: storage(2) },
      cl: { type: 'float32', shape: [2, 3, 4, 4], strides: [48, 1, 12, 3], storage: storage(3) },
      i: { type: 'int64', shape: [5], storage: storage(4) },
      b: { type: 'bool', shape: [2], storage: storage(5) },
      sc: { type: 'float32', shape: [], storage: storage(6) },
      d: { type: 'float64', shape: [2], storage: storage(7) },
      empty: { type: 'float32', shape: [0, 3], storage: storage(8) },
    };
    expect(Buffer.compare(torchZip(dict, 'misc'), zip)).toBe(0);
    const legacy = readFileSync(join(folder!, 'misc.legacy.pt'));
    const keys = [...legacy.toString('latin1').matchAll(/X.{4}(\d{9})q/gs)].map(([, key]) => key!);
    expect(Buffer.compare(torchLegacy(dict, keys.slice(0, 9)), legacy)).toBe(0);
  });

  it.each(['kat_sg2.pkl', 'kat_sg2_f6.pkl', 'kat_sg3t.pkl', 'kat_sg3r.pkl'])('%s', (name) => {
    const network = load(readFileSync(join(folder!, name))).modules.get('G_ema')!;
    expect([...network.modules.keys()].sort()).toEqual(['mapping', 'synthesis']);
    for (const tensor of stateDictOf(network).values()) tensor.floats();
  });

  it.each(['tf_p2.pkl', 'tf_p4.pkl'])('%s', (name) => {
    const network = load(readFileSync(join(folder!, name))).modules.get('Gs')!;
    expect([...stateDictOf(network)].map(([key, tensor]) => [key, tensor.floats().length])).toEqual([
      ['dlatent_avg', 8],
      ['lod', 1],
      ['synthesis.4x4/Const/const', 128],
      ['synthesis.noise0', 16],
    ]);
  });
});
