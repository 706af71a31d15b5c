import { expect, test } from 'vitest';
import { recogniseRosinality } from '../../shared/checkpoint/families/rosinality/recognise.ts';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import type { LoadedCheckpoint } from '../../shared/checkpoint/formats/loaded.ts';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import type { StateDict } from '../../shared/checkpoint/formats/tensor.ts';
import { savedDict } from '../support/checkpoint/files.ts';
import { largestDifference, runNetwork } from '../support/checkpoint/networks.ts';
import type { Py } from '../support/checkpoint/pickler.ts';
import { RandomTensors, tensorOf } from '../support/checkpoint/records.ts';
import { rosinalityDict, rosinalityImage } from '../support/checkpoint/rosinality.ts';
import { torchZip } from '../support/checkpoint/torch-writer.ts';

/** float32 against float64 over a whole network, whose values reach about 5. */
const TOLERANCE = 5e-6;

const random = new RandomTensors(2);
const average = random.normal([7], 0.5);
const z = [0, 1].map(() => [...random.normal([7]).floats()]);

function loadedOf(dict: StateDict, beside: StateDict = new Map([['latent_avg', average]])): LoadedCheckpoint {
  return {
    container: 'torch zip',
    modules: new Map(),
    stateDicts: new Map([
      ['g_ema', dict],
      ['', beside],
    ]),
    settings: new Map(),
    findings: [],
  };
}

test('the graph agrees with the formulas in float64', async () => {
  const dict = rosinalityDict();
  const network = recogniseRosinality(loadedOf(dict))!;
  expect(network).toMatchObject({ resolution: 16, channels: 3, latentSize: 7, hasPsi: true, classes: 0 });
  for (const psi of [0, 0.7, 1]) {
    const images = await runNetwork(network, { z, psi });
    for (const [n, image] of images.entries()) {
      const expected = rosinalityImage(dict, z[n]!, [...average.floats()], psi).flat(2);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.5);
      expect(largestDifference(image, expected)).toBeLessThan(TOLERANCE);
    }
  }
});

test('an image is the same in a batch and alone', async () => {
  const network = recogniseRosinality(loadedOf(rosinalityDict()))!;
  const together = await runNetwork(network, { z, psi: 0.7 });
  const [alone] = await runNetwork(network, { z: [z[1]!], psi: 0.7 });
  expect(largestDifference(together[1]!, alone!)).toBeLessThan(2e-6);
});

test('a file as its training writes it gives the same images', async () => {
  const dict = rosinalityDict();
  const named = Object.entries(savedDict(dict)).map(([name, saved]) => [`g_ema ${name}`, saved] as const);
  const other = Object.entries(savedDict(rosinalityDict(2))).map(([name, saved]) => [`g ${name}`, saved] as const);
  const latent = savedDict(new Map([['latent_avg', average]]));
  const file = torchZip({ ...Object.fromEntries([...other, ...named]), ...latent }, 'archive', (tensors) => {
    const part = (prefix: string) => {
      const entries = [...tensors].filter(([name]) => name.startsWith(prefix));
      return new Map(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
    };
    return new Map<Py, Py>([
      ['g', part('g ')],
      ['g_ema', part('g_ema ')],
      ['latent_avg', tensors.get('latent_avg')!],
      ['ada_aug_p', 0.5],
    ]);
  });
  const network = recogniseRosinality(loadCheckpoint(bytesSource(file)))!;
  expect(network.hasPsi).toBe(true);
  const [image] = await runNetwork(network, { z, psi: 0.7 });
  const [expected] = await runNetwork(recogniseRosinality(loadedOf(dict))!, { z, psi: 0.7 });
  expect(image).toEqual(expected);
});

test('without a mean latent there is no truncation, and it says so', async () => {
  const dict = rosinalityDict();
  const network = recogniseRosinality(loadedOf(dict, new Map()))!;
  expect(network.hasPsi).toBe(false);
  expect(network.assumptions).toContainEqual(expect.objectContaining({ what: 'truncation', value: 'none' }));
  const [image] = await runNetwork(network, { z });
  const expected = rosinalityImage(dict, z[0]!, [...average.floats()], 1).flat(2);
  expect(largestDifference(image!, expected)).toBeLessThan(TOLERANCE);
});

test('early files have no noise: it is drawn once, and said', () => {
  const dict = new Map([...rosinalityDict()].filter(([name]) => !name.startsWith('noises.')));
  const network = recogniseRosinality(loadedOf(dict))!;
  expect(network.assumptions).toContainEqual(expect.objectContaining({ value: 'drawn once, seed 0' }));
});

test('parameters are the trained numbers', () => {
  const dict = rosinalityDict();
  const trained = [...dict].filter(([name]) => !/noises|kernel/.test(name));
  const count = trained.reduce((sum, [, { shape }]) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
  expect(recogniseRosinality(loadedOf(dict))!.parameters).toBe(count);
});

test.each([
  ['convs.1.conv.extra', tensorOf([1], [1]), 'also has "convs.1.conv.extra"'],
  ['convs.1.activate.bias', tensorOf([2], [1, 1]), '"convs.1.activate.bias" is [2]'],
  ['noises.noise_1', tensorOf([1, 1, 4, 4], new Array(16).fill(0)), '"noises.noise_1" is [1,1,4,4]'],
  ['convs.0.conv.blur.kernel', tensorOf([1, 1], [4]), '"convs.0.conv.blur.kernel" is [1,1]'],
])('another %s is refused', (name, tensor, what) => {
  expect(() => recogniseRosinality(loadedOf(new Map([...rosinalityDict(), [name, tensor]])))).toThrow(
    expect.objectContaining({
      code: expect.stringMatching(/^CHECKPOINT_(UNSUPPORTED|CORRUPT)$/),
      message: expect.stringContaining(what),
    }),
  );
});

test('no other family', () => {
  expect(recogniseRosinality(loadedOf(new Map()))).toBeUndefined();
});
