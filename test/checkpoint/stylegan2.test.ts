import { describe, expect, test } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { recogniseStyleGan2 } from '../../shared/checkpoint/families/stylegan2/recognise.ts';
import type { FamilyOptions, GeneratorNetwork } from '../../shared/checkpoint/formats/generator-network.ts';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import type { SavedModule } from '../../shared/checkpoint/formats/saved-module.ts';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import { withBuffer, withModule } from '../support/checkpoint/changed.ts';
import { networkPickle } from '../support/checkpoint/files.ts';
import { knownAnswer, knownAnswers } from '../support/checkpoint/known-answers.ts';
import { largestDifference, runNetwork } from '../support/checkpoint/networks.ts';
import { loadedOf, RandomTensors, recordOf, tensorOf, withAttributes } from '../support/checkpoint/records.ts';
import { type Stylegan2Options, stateDictOf, stylegan2Record } from '../support/checkpoint/stylegan2.ts';
import { stylegan2Images } from '../support/checkpoint/stylegan2-reference.ts';
import type { Planes } from '../support/checkpoint/upfirdn.ts';

/** float32 against float64 over a whole network, whose values reach 18: 3e-6 at most was seen. */
const TOLERANCE = 8e-6;

function networkOf(record: SavedModule, options?: FamilyOptions): GeneratorNetwork {
  const network = recogniseStyleGan2(loadedOf(record), options);
  if (!network) throw new Error('not recognised');
  return network;
}

function latents(count: number, size = 6): number[][] {
  const state = new RandomState(7);
  return Array.from({ length: count }, () => {
    const row = new Float32Array(size);
    state.randn(row);
    return [...row];
  });
}

const flat = (images: readonly Planes[]): number[] => images.flat(3);
const joined = (images: readonly Float32Array[]): number[] => images.flatMap((image) => [...image]);

const random = new RandomTensors(5);
const NETWORKS: Readonly<Record<string, Stylegan2Options>> = {
  'the skip architecture': {},
  'the residual architecture': { architecture: 'resnet' },
  'the plain architecture': { architecture: 'orig' },
  'a filter of 2 taps': { filter: random.filter([2, 2]) },
  'a filter of 3 taps': { filter: random.filter([3, 3]) },
  'a filter of 6 taps': { filter: random.filter([6, 6]) },
  'a filter of 6 taps, residual': { architecture: 'resnet', filter: random.filter([6, 6]) },
  'a filter of 7 taps': { filter: random.filter([7, 7]) },
  'a separable filter of 8 taps': { filter: random.filter([8]) },
  'a filter that is not square': { filter: random.filter([3, 5]) },
  'a clamp that clips': { clamp: 1.2 },
  'a clamp that clips, residual': { architecture: 'resnet', clamp: 1.2 },
  'layers without noise': { useNoise: false },
  'rectified activations': { activation: 'relu' },
  'linear activations': { activation: 'linear' },
  'one channel, one mapping layer': { imageChannels: 1, mappingLayers: 1 },
  'the smallest network': { resolution: 4 },
};

describe('the graph agrees with the formulas in float64', () => {
  test.each(Object.entries(NETWORKS))('%s', async (_, options) => {
    const record = stylegan2Record(options);
    const z = latents(2);
    const images = joined(await runNetwork(networkOf(record), { z, psi: 0.7 }));
    const expected = flat(stylegan2Images(record, { z, psi: 0.7 }));
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.5);
    expect(largestDifference(images, expected)).toBeLessThan(TOLERANCE);
  });
});

describe('what is left to the one who asks', () => {
  test('a class, a truncation that ends, and psi', async () => {
    const record = stylegan2Record({ classes: 3 });
    const z = latents(2);
    const c = [
      [0, 1, 0],
      [0, 0, 1],
    ];
    const network = networkOf(record, { truncationCutoff: 2 });
    expect(network).toMatchObject({ classes: 3, hasPsi: true, latentSize: 6, channels: 3, resolution: 16 });
    const images = joined(await runNetwork(network, { z, c, psi: 0.5 }));
    expect(largestDifference(images, flat(stylegan2Images(record, { z, c, psi: 0.5, cutoff: 2 })))).toBeLessThan(
      TOLERANCE,
    );
    for (const other of [
      { z, c: c.toReversed(), psi: 0.5, cutoff: 2 },
      { z, c, psi: 0.5, cutoff: 3 },
      { z, c, psi: 0.6, cutoff: 2 },
    ]) {
      expect(largestDifference(images, flat(stylegan2Images(record, other)))).toBeGreaterThan(1e-3);
    }
    const none = joined(await runNetwork(networkOf(record, { truncationCutoff: 0 }), { z, c, psi: 0.5 }));
    expect(largestDifference(none, joined(await runNetwork(networkOf(record), { z, c })))).toBeLessThan(1e-6);
  });

  test('noise: constant, none, or of a seed', async () => {
    const record = stylegan2Record();
    const z = latents(2);
    const psi = 1;
    const images = async (noise: NonNullable<FamilyOptions['noise']>) =>
      joined(await runNetwork(networkOf(record, { noise }), { z, psi }));
    const none = await images('none');
    expect(largestDifference(none, flat(stylegan2Images(record, { z, psi, noise: false })))).toBeLessThan(TOLERANCE);
    const constant = await images('const');
    expect(constant).toEqual(joined(await runNetwork(networkOf(record), { z, psi })));
    const seeded = await images({ seed: 3 });
    expect(seeded).toEqual(await images({ seed: 3 }));
    for (const other of [none, constant, await images({ seed: 4 })]) {
      expect(largestDifference(seeded, other)).toBeGreaterThan(1e-2);
    }
    // Drawn as numpy draws: RandomState(3) gives the first layer its first sixteen.
    const state = new RandomState(3);
    const b4 = ['synthesis', 'b4', 'conv1'];
    const b8 = (name: string) => ['synthesis', 'b8', name];
    let drawn = stylegan2Record({ resolution: 8 });
    const own = drawn;
    for (const path of [b4, b8('conv0'), b8('conv1')]) {
      const size = path[1] === 'b4' ? 4 : 8;
      const plane = new Float32Array(size * size);
      state.randn(plane);
      drawn = withBuffer(drawn, path, 'noise_const', tensorOf([size, size], plane));
    }
    const asDrawn = joined(await runNetwork(networkOf(drawn), { z, psi }));
    expect(joined(await runNetwork(networkOf(own, { noise: { seed: 3 } }), { z, psi }))).toEqual(asDrawn);
  });
});

test('an image is the same in a batch and alone, and psi 0 gives that of the mean', async () => {
  for (const architecture of ['skip', 'resnet', 'orig'] as const) {
    const record = stylegan2Record({ architecture, clamp: 256 });
    const network = networkOf(record);
    const z = latents(3);
    const together = await runNetwork(network, { z, psi: 0.7 });
    const [alone] = await runNetwork(network, { z: [z[1]!], psi: 0.7 });
    expect(largestDifference(together[1]!, alone!)).toBeLessThan(2e-6);
    const [first, second] = await runNetwork(network, { z, psi: 0 });
    expect(largestDifference(first!, second!)).toBeLessThan(2e-6);
    expect(largestDifference(first!, flat(stylegan2Images(record, { z: [z[0]!], psi: 0 })))).toBeLessThan(TOLERANCE);
  }
});

test('says what the file does not', () => {
  const { assumptions, family, parameters, range, latent } = networkOf(stylegan2Record({ half: true }));
  expect({ family, range, latent }).toEqual({ family: 'StyleGAN2 (NVlabs, skip)', range: [-1, 1], latent: 'normal' });
  expect(assumptions.map(({ what, value }) => `${what}: ${value}`)).toEqual([
    'precision: float32 throughout; the file asks for float16 at 8, 16 pixels on a GPU',
    'latent distribution: normal',
    'image range: -1 is black, 1 is white',
    'noise of the layers: the constant one in the file',
  ]);
  const tensors = stateDictOf(stylegan2Record({ half: true }));
  const trained = [...tensors].filter(([name]) => !/w_avg|noise_const|resample_filter/.test(name));
  const count = trained.reduce((sum, [, { shape }]) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
  expect(parameters).toBe(count);
});

test('a pickle as NVlabs writes it gives the same images', async () => {
  const record = stylegan2Record({ architecture: 'resnet', classes: 2, clamp: 256, half: true });
  const pickled = networkPickle({ G: stylegan2Record({ resolution: 8 }), D: recordOf('D', {}), G_ema: record });
  const network = recogniseStyleGan2(loadCheckpoint(bytesSource(pickled)))!;
  const c = [
    [1, 0],
    [0, 1],
  ];
  const inputs = { z: latents(2), c, psi: 0.7 };
  expect(joined(await runNetwork(network, inputs))).toEqual(joined(await runNetwork(networkOf(record), inputs)));
});

test('a layer that training froze holds its weights as buffers', async () => {
  const record = stylegan2Record();
  const path = ['mapping', 'fc0'];
  const layer = record.modules.get('mapping')!.modules.get('fc0')!;
  const frozen = withModule(record, path, { ...layer, parameters: new Map(), buffers: layer.parameters });
  const inputs = { z: latents(2), psi: 0.7 };
  const images = joined(await runNetwork(networkOf(frozen), inputs));
  expect(images).toEqual(joined(await runNetwork(networkOf(record), inputs)));
});

describe.runIf(knownAnswers)('images of the original code', () => {
  test.each(['kat_sg2', 'kat_sg2_f6'])('%s', async (name) => {
    const { file, z, psi, image } = knownAnswer(name);
    const network = recogniseStyleGan2(loadCheckpoint(bytesSource(file)))!;
    const images = joined(await runNetwork(network, { z, psi }));
    expect(largestDifference(images, image)).toBeLessThan(5e-6);
  });
});

describe('a file of tensors alone', () => {
  test.each(['skip', 'resnet', 'orig'] as const)('gives the same images, %s', async (architecture) => {
    const record = stylegan2Record({ architecture, classes: 2 });
    const stateDicts = new Map([['', stateDictOf(record)]]);
    const network = recogniseStyleGan2({ ...loadedOf(record), modules: new Map(), stateDicts })!;
    expect(network.family).toBe(`StyleGAN2 (NVlabs, ${architecture})`);
    expect(network.assumptions.map(({ what }) => what)).toEqual([
      'activations',
      'learning rate of the mapping',
      'limit of activations',
      'latent distribution',
      'image range',
      'noise of the layers',
    ]);
    const inputs = {
      z: latents(2),
      c: [
        [1, 0],
        [0, 1],
      ],
      psi: 0.7,
    };
    expect(joined(await runNetwork(network, inputs))).toEqual(joined(await runNetwork(networkOf(record), inputs)));
  });

  test('without the filters and the noise, has the published filter and drawn noise, and says so', async () => {
    const taps = [1, 3, 3, 1];
    const filter = tensorOf(
      [4, 4],
      taps.flatMap((a) => taps.map((b) => (a * b) / 64)),
    );
    const record = stylegan2Record({ filter });
    const tensors = new Map([...stateDictOf(record)].filter(([name]) => !/resample_filter|noise_const/.test(name)));
    const network = recogniseStyleGan2({
      ...loadedOf(record),
      modules: new Map(),
      stateDicts: new Map([['g_ema', tensors]]),
    })!;
    expect(network.assumptions).toContainEqual(expect.objectContaining({ what: 'filter of the resampling' }));
    expect(network.assumptions).toContainEqual(expect.objectContaining({ value: 'drawn once, seed 0' }));
    const inputs = { z: latents(2), psi: 0.7 };
    const expected = joined(await runNetwork(networkOf(record, { noise: { seed: 0 } }), inputs));
    expect(joined(await runNetwork(network, inputs))).toEqual(expected);
  });
});

describe('which of several networks', () => {
  const loaded = { ...loadedOf(stylegan2Record()), modules: new Map<string, SavedModule>() };

  test('the averaged one, or the one asked for', () => {
    const modules = new Map([
      ['G', stylegan2Record({ resolution: 8 })],
      ['D', recordOf('Discriminator', {})],
      ['G_ema', stylegan2Record()],
    ]);
    const averaged = recogniseStyleGan2({ ...loaded, modules })!;
    expect(averaged.resolution).toBe(16);
    expect(averaged.assumptions[0]).toMatchObject({ what: 'network', value: 'G_ema' });
    expect(recogniseStyleGan2({ ...loaded, modules }, { network: 'G' })!.resolution).toBe(8);
    expect(recogniseStyleGan2({ ...loaded, modules }, { network: 'D' })).toBeUndefined();
    const nested = new Map([
      ['run.G', stylegan2Record({ resolution: 8 })],
      ['run.G_ema', stylegan2Record()],
    ]);
    expect(recogniseStyleGan2({ ...loaded, modules: nested })!.resolution).toBe(16);
  });

  test('none of two that are alike', () => {
    const modules = new Map([
      ['A', stylegan2Record()],
      ['B', stylegan2Record()],
    ]);
    expect(() => recogniseStyleGan2({ ...loaded, modules })).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_AMBIGUOUS', message: expect.stringContaining('A, B') }),
    );
  });

  test('no other family', () => {
    expect(recogniseStyleGan2({ ...loaded, modules: new Map([['G_ema', recordOf('Generator', {})]]) })).toBeUndefined();
  });
});

describe('what is not known is refused, and named', () => {
  const record = stylegan2Record({ architecture: 'resnet', classes: 2 });
  const conv0 = ['synthesis', 'b8', 'conv0'];
  test.each([
    [withAttributes(record, conv0, { activation: 'swish' }), '"synthesis.b8.conv0.activation" is "swish"'],
    [withAttributes(record, conv0, { up: 4 }), '"synthesis.b8.conv0.up" is 4'],
    [withAttributes(record, conv0, { act_gain: -1 }), '"synthesis.b8.conv0.act_gain" is -1'],
    [withAttributes(record, conv0, { conv_clamp: 'no' }), '"synthesis.b8.conv0.conv_clamp" is "no"'],
    [withAttributes(record, ['synthesis', 'b16'], { architecture: 'skip' }), '"synthesis.b16.architecture" is "skip"'],
    [withAttributes(record, ['synthesis', 'b4'], { architecture: 'new' }), '"synthesis.b4.architecture" is "new"'],
    [withAttributes(record, ['synthesis'], { num_ws: 9 }), '"synthesis.num_ws" is 9'],
    [withAttributes(record, ['synthesis'], { block_resolutions: [4, 8, 32] }), 'also has "b16"'],
    [withAttributes(record, ['mapping', 'fc1'], { activation: 'relu' }), '"mapping.fc1.activation" is "relu"'],
    [withModule(record, ['synthesis', 'b8', 'attention'], recordOf('Attention', {})), 'also has "attention"'],
    [withModule(record, conv0, recordOf('OtherLayer', {})), 'is a OtherLayer'],
    [withBuffer(record, conv0, 'resample_filter', tensorOf([1], [1])), 'resample_filter" is [1]'],
    [withBuffer(record, conv0, 'noise_const', tensorOf([4, 4], new Array(16).fill(0))), 'noise_const" is [4,4]'],
    [withBuffer(record, conv0, 'gate', tensorOf([1], [1])), 'also has "gate"'],
  ])('%#', (changed, what) => {
    expect(() => networkOf(changed)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^CHECKPOINT_(UNSUPPORTED|CORRUPT)$/),
        message: expect.stringContaining(what),
        help: expect.stringMatching(/./),
      }),
    );
  });

  test('a cutoff that is no number of layers', () => {
    expect(() => networkOf(record, { truncationCutoff: -1 })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
