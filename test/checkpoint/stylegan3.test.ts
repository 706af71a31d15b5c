import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import {
  addFilteredLrelu,
  type FilteredLrelu,
  filteredSize,
} from '../../shared/checkpoint/families/stylegan3/filtered-lrelu.ts';
import { recogniseStyleGan3 } from '../../shared/checkpoint/families/stylegan3/recognise.ts';
import type { FamilyOptions, GeneratorNetwork } from '../../shared/checkpoint/formats/generator-network.ts';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import type { PlainValue, SavedModule } from '../../shared/checkpoint/formats/saved-module.ts';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import type { CheckpointTensor } from '../../shared/checkpoint/formats/tensor.ts';
import { RewoundError } from '../../shared/errors.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { largestDifference, runNetwork } from '../support/checkpoint/networks.ts';
import { loadedOf, RandomTensors, tensorOf, withAttributes } from '../support/checkpoint/records.ts';
import { stylegan3Record } from '../support/checkpoint/stylegan3.ts';
import { type Filtering, filteredLrelu, stylegan3Images } from '../support/checkpoint/stylegan3-reference.ts';
import { kernelsOf, type Planes } from '../support/checkpoint/upfirdn.ts';
import { openModel } from '../support/runtime.ts';
import { sharedData } from '../support/shared-data.ts';

/** float32 against float64 over a whole network, whose values reach about 1. */
const TOLERANCE = 5e-6;

function networkOf(record: SavedModule, options?: FamilyOptions): GeneratorNetwork {
  const network = recogniseStyleGan3(loadedOf(record), options);
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

function flat(images: readonly Planes[]): number[] {
  return images.flat(3);
}

function joined(images: readonly Float32Array[]): number[] {
  return images.flatMap((image) => [...image]);
}

describe.each(['T', 'R'] as const)('configuration %s', (config) => {
  test('a whole network agrees with the formulas in float64', async () => {
    const record = stylegan3Record({ config });
    const z = latents(2);
    const images = joined(await runNetwork(networkOf(record), { z, psi: 0.7 }));
    const expected = flat(stylegan3Images(record, { z, psi: 0.7 }));
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.3);
    expect(largestDifference(images, expected)).toBeLessThan(TOLERANCE);
  });

  test('so do a class, a clamp that clips, a moved picture and a truncation that ends', async () => {
    const turned = [0.8, -0.6, 0.1, 0.6, 0.8, -0.2, 0, 0, 1];
    const record = stylegan3Record({ config, classes: 3, clamp: 0.8, transform: turned, imageChannels: 1, seed: 2 });
    const z = latents(2);
    const c = [
      [0, 1, 0],
      [0, 0, 1],
    ];
    const images = joined(await runNetwork(networkOf(record, { truncationCutoff: 3 }), { z, c, psi: 0.5 }));
    expect(largestDifference(images, flat(stylegan3Images(record, { z, c, psi: 0.5, cutoff: 3 })))).toBeLessThan(
      TOLERANCE,
    );
    // Each of the four matters.
    const others = [
      stylegan3Images(record, { z, c: c.toReversed(), psi: 0.5, cutoff: 3 }),
      stylegan3Images(record, { z, c, psi: 0.5, cutoff: 2 }),
      stylegan3Images(record, { z, c, psi: 0.5 }),
      stylegan3Images(withAttributes(record, ['synthesis', 'L1_24_7'], { conv_clamp: null }), {
        z,
        c,
        psi: 0.5,
        cutoff: 3,
      }),
    ];
    for (const other of others) expect(largestDifference(images, flat(other))).toBeGreaterThan(1e-3);
  });

  test('an image is the same in a batch and alone, and psi 0 gives that of the mean', async () => {
    const record = stylegan3Record({ config, clamp: null });
    const network = networkOf(record);
    const z = latents(3);
    const together = await runNetwork(network, { z, psi: 0.7 });
    const [alone] = await runNetwork(network, { z: [z[1]!], psi: 0.7 });
    expect(largestDifference(together[1]!, alone!)).toBeLessThan(1e-6);
    const [first, second] = await runNetwork(network, { z, psi: 0 });
    expect(largestDifference(first!, second!)).toBeLessThan(1e-6);
    const mean = stylegan3Images(record, { z: [z[0]!], psi: 0 });
    expect(largestDifference(first!, flat(mean))).toBeLessThan(TOLERANCE);
    const untruncated = await runNetwork(network, { z });
    expect(largestDifference(joined(untruncated), joined(await runNetwork(network, { z, psi: 1 })))).toBeLessThan(1e-6);
  });
});

test('a rotation-equivariant layer may have any number of channels', async () => {
  const record = stylegan3Record({ config: 'R', channels: 18, layers: 3, filterSize: 2 });
  const z = latents(1);
  const images = joined(await runNetwork(networkOf(record), { z, psi: 1 }));
  expect(largestDifference(images, flat(stylegan3Images(record, { z, psi: 1 })))).toBeLessThan(TOLERANCE);
});

describe('a filtered nonlinearity alone', () => {
  const random = new RandomTensors(4);
  const [width, height, channels] = [80, 45, 2];
  const separable = { up: 2, upFilter: random.filter([6]), down: 2, downFilter: random.filter([5]) };
  const settings = { padding: [7, 4, 5, 3], gain: Math.SQRT2, slope: 0.2, clamp: 0.9 } as const;
  const CASES: Readonly<Record<string, Filtering>> = {
    separable: { ...settings, ...separable },
    'up by four, to a picture cut at each side': {
      ...settings,
      ...separable,
      up: 4,
      upFilter: random.filter([9]),
      padding: [-3, 2, -6, -9],
    },
    'down by three': { ...settings, ...separable, down: 3 },
    radial: { ...settings, ...separable, downFilter: random.filter([5, 5]) },
    'neither up nor down': {
      ...settings,
      up: 1,
      upFilter: tensorOf([1], [1]),
      down: 1,
      downFilter: tensorOf([1], [1]),
    },
  };

  test.each(Object.entries(CASES))('%s', async (_, filtering) => {
    const x = random.normal([1, channels, height, width]);
    const spec: FilteredLrelu = {
      ...filtering,
      channels,
      inSize: [width, height],
      upFilter: filterOf(filtering.upFilter),
      downFilter: filterOf(filtering.downFilter),
    };
    const expected = filteredLrelu(kernelsOf(x)[0]!, filtering);
    const [outWidth, outHeight] = filteredSize(spec);
    expect([outWidth, outHeight]).toEqual([expected[0]![0]!.length, expected[0]!.length]);

    const graph = new GraphBuilder('filtered-lrelu');
    const y = addFilteredLrelu(graph, graph.input('x', 'float32', ['n', channels, height, width]), spec);
    graph.output('y', y, 'float32', ['n', channels, outHeight, outWidth]);
    const model = await openModel(graph.model());
    const results = await model.run({ x: floatTensor(x.floats(), x.shape) }, ['y']);
    expect(largestDifference(floats(results.y), flat([expected]))).toBeLessThan(2e-6);
  });

  const filterOf = (tensor: CheckpointTensor) => ({
    taps: tensor.shape[0]!,
    radial: tensor.shape.length === 2,
    tensor,
  });
});

test('what a network says of itself', () => {
  const network = networkOf(stylegan3Record({ config: 'R', classes: 5 }), { truncationCutoff: 4 });
  expect(network).toMatchObject({
    family: 'StyleGAN3-R (NVlabs)',
    resolution: 16,
    channels: 3,
    latentSize: 6,
    classes: 5,
    latent: 'normal',
    hasPsi: true,
    range: [-1, 1],
  });
  expect(network.assumptions.map(({ what, value }) => `${what}: ${value}`)).toEqual([
    'latent distribution: normal',
    'image range: -1 is black, 1 is white',
    'precision: float32 throughout; the file asks for float16 in 3 of 5 layers on a GPU',
    'truncated layers: the first 4',
  ]);
  expect(networkOf(stylegan3Record({ config: 'T' })).family).toBe('StyleGAN3-T (NVlabs)');
});

test('other networks are none of it', () => {
  const record = stylegan3Record({ config: 'T' });
  expect(recogniseStyleGan3(loadedOf(record.modules.get('mapping')!))).toBeUndefined();
  expect(recogniseStyleGan3(loadedOf(record, 'G'))).toBeDefined();
  expect(recogniseStyleGan3(loadedOf(record, 'G'), { network: 'G_ema' })).toBeUndefined();
});

describe('a network unlike the known ones is refused, with what was found', () => {
  const layer = ['synthesis', 'L1_24_7'];
  test.each<[string, readonly string[], Readonly<Record<string, PlainValue>>, RegExp]>([
    ['a kernel of another size', layer, { conv_kernel: 5 }, /"synthesis\.L1_24_7\.conv_kernel" is 5; .* 1 or 3/],
    ['a factor that is no number', layer, { up_factor: '2' }, /up_factor" is "2"/],
    ['a padding without end', layer, { padding: [9, 8, 9, 1e9] }, /padding" is \[9,8,9,1000000000\]/],
    ['a padding that makes another size', layer, { padding: [9, 8, 9, 8] }, /gives 30 x 30 pixels, not 24 x 24/],
    ['a negative clamp', layer, { conv_clamp: -1 }, /conv_clamp" is -1/],
    ['a side beyond all memory', layer, { out_size: [1e6, 1e6] }, /out_size" is \[1000000,1000000\]/],
    ['colours before the end', layer, { is_torgb: true }, /out of its place/],
    ['more taps than the filter has', layer, { up_taps: 7 }, /"synthesis\.L1_24_7\.up_filter" is \[6\].*\[7\]/],
    ['another activation', ['mapping', 'fc0'], { activation: 'swish' }, /"mapping\.fc0\.activation" is "swish"/],
    ['no sampling rate', ['synthesis', 'input'], { sampling_rate: 0 }, /sampling_rate" is 0/],
    ['a band wider than the rate allows', ['synthesis', 'input'], { bandwidth: 8 }, /bandwidth" is 8/],
    ['a layer that is not there', ['synthesis'], { layer_names: ['L9'] }, /no "synthesis\.L9"/],
    ['an image of another size', ['synthesis'], { img_resolution: 32 }, /gives 3 x 16 x 16, not an image/],
    ['two colours', ['synthesis'], { img_channels: 2 }, /img_channels" is 2; .* 1 or 3/],
    ['no scale', ['synthesis'], { output_scale: null }, /output_scale" is null/],
  ])('%s', (_, path, attributes, message) => {
    const record = withAttributes(stylegan3Record({ config: 'T' }), path, attributes);
    expect(() => networkOf(record)).toThrow(RewoundError);
    expect(() => networkOf(record)).toThrow(message);
  });

  test('layers out of order', () => {
    const record = stylegan3Record({ config: 'T' });
    const synthesis = record.modules.get('synthesis')!;
    const names = [...(synthesis.attributes.get('layer_names') as readonly string[])];
    [names[1], names[2]] = [names[2]!, names[1]!];
    expect(() => networkOf(withAttributes(record, ['synthesis'], { layer_names: names }))).toThrow(/does not take/);
  });

  test('a cutoff that is no number of layers', () => {
    expect(() => networkOf(stylegan3Record({ config: 'T' }), { truncationCutoff: 1.5 })).toThrow(/cutoff of 1.5/);
  });
});

const folder = sharedData('checkpoints');
describe.runIf(folder)('images of the original code', () => {
  test.each(['kat_sg3t', 'kat_sg3r'])('%s', async (name) => {
    const network = recogniseStyleGan3(loadCheckpoint(bytesSource(readFileSync(join(folder!, `${name}.pkl`)))))!;
    const { shapes, psi } = JSON.parse(readFileSync(join(folder!, `${name}.json`), 'utf8')) as {
      shapes: { z: [number, number] };
      psi: number;
    };
    const values = (what: string) => {
      const { buffer } = Uint8Array.from(readFileSync(join(folder!, `${name}.${what}.f32`)));
      return new Float32Array(buffer);
    };
    const [count, size] = shapes.z;
    const z = Array.from({ length: count }, (_, n) => [...values('z').subarray(n * size, (n + 1) * size)]);
    const images = joined(await runNetwork(network, { z, psi }));
    expect(largestDifference(images, values('img'))).toBeLessThan(1e-6);
  });
});
