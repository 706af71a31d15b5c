import { expect, test } from 'vitest';
import { recognisePgan } from '../../shared/checkpoint/families/pgan/recognise.ts';
import type { LoadedCheckpoint } from '../../shared/checkpoint/formats/loaded.ts';
import type { PlainValue } from '../../shared/checkpoint/formats/saved-module.ts';
import type { StateDict } from '../../shared/checkpoint/formats/tensor.ts';
import { largestDifference, runNetwork } from '../support/checkpoint/networks.ts';
import { pganDict, pganImage } from '../support/checkpoint/pgan.ts';
import { tensorOf } from '../support/checkpoint/records.ts';
import { loadedOf } from '../support/checkpoint/tensors.ts';

/** Pixel normalisation enlarges float32's rounding where a pixel is nearly zero in all channels, so there are several. */
const TOLERANCE = 4e-6;
const CONFIG = {
  leakyReluLeak: 0.2,
  perChannelNormalization: true,
  alpha: 0,
  categoryVectorDim: 0,
  lossCriterion: 'WGANGP',
  equalizedlR: true,
};
const LATENTS = [
  [0.3, -1.2, 0.7, 2.1, -0.4],
  [-0.9, 0.2, 1.4, -0.1, 0.8],
];

function loaded(dict: StateDict, config?: Readonly<Record<string, PlainValue>>): LoadedCheckpoint {
  const settings = new Map<string, PlainValue>(config ? [['config', new Map(Object.entries(config))]] : []);
  return { ...loadedOf({ netG: dict }), settings };
}

test.each([
  ['three scales', {}],
  ['the first scale alone, grey', { widths: [8], channels: 1 }],
])('the graph agrees with the formulas in float64: %s', async (_, options) => {
  const dict = pganDict(options);
  const images = await runNetwork(recognisePgan(loaded(dict))!, { z: LATENTS });
  for (const [n, z] of LATENTS.entries()) {
    const expected = pganImage(dict, z).flat(2);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.5);
    expect(largestDifference(images[n]!, expected)).toBeLessThan(TOLERANCE);
  }
});

test('settings in the file are used, and nothing is assumed of them', async () => {
  const dict = pganDict();
  const network = recognisePgan(loaded(dict, { ...CONFIG, leakyReluLeak: 0.1, equalizedlR: false }))!;
  const [image] = await runNetwork(network, { z: LATENTS.slice(0, 1) });
  const expected = pganImage(dict, LATENTS[0]!, { slope: 0.1, equalised: false }).flat(2);
  expect(largestDifference(image!, expected)).toBeLessThan(2e-5);
  expect(network.assumptions.map(({ what }) => what)).toEqual(['latent distribution', 'image range']);
  expect(network).toMatchObject({ resolution: 16, channels: 3, latentSize: 5, classes: 0, hasPsi: false });
  expect(recognisePgan(loaded(dict))!.assumptions).toHaveLength(8);
});

test('the averaged generator comes before the trained one', () => {
  const both = { ...loadedOf({ netG: pganDict(), avgG: pganDict({ widths: [4, 4] }) }) };
  expect(recognisePgan(both)!.resolution).toBe(8);
  expect(recognisePgan(both, { network: 'netG' })!.resolution).toBe(16);
  expect(recognisePgan(loadedOf({ netG: new Map([['main.0.weight', tensorOf([1], [1])]]) }))).toBeUndefined();
});

test.each<[string, Readonly<Record<string, PlainValue>>, RegExp]>([
  ['without normalisation', { perChannelNormalization: false }, /"perChannelNormalization" is false/],
  ['half blended', { alpha: 0.5 }, /"alpha" is 0.5/],
  ['with classes', { categoryVectorDim: 10 }, /"categoryVectorDim" is 10/],
  ['of another loss', { lossCriterion: 'DCGAN' }, /"lossCriterion" is "DCGAN"/],
  ['of another slope', { leakyReluLeak: 'much' }, /"leakyReluLeak" is "much"/],
])('a network %s is refused', (_, change, message) => {
  expect(() => recognisePgan(loaded(pganDict(), { ...CONFIG, ...change }))).toThrow(message);
});

test('tensors that do not fit are refused', () => {
  const without = pganDict();
  without.delete('scaleLayers.1.0.module.weight');
  expect(() => recognisePgan(loaded(without))).toThrow(/no layers "scaleLayers.1"/);
  const other = pganDict().set('scaleLayers.0.1.module.weight', tensorOf([12, 12, 1, 1], new Float32Array(144)));
  expect(() => recognisePgan(loaded(other))).toThrow(/"scaleLayers.0.1.module.weight" is \[12,12,1,1\]/);
  const more = pganDict().set('style.0.weight', tensorOf([1], [1]));
  expect(() => recognisePgan(loaded(more))).toThrow(/"style.0.weight", which no Progressive GAN has/);
});
