import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recognise } from '../../shared/checkpoint/families/recognise.ts';
import { recogniseTensorFlowStyleGan2 } from '../../shared/checkpoint/families/stylegan2-tf/recognise.ts';
import type { FamilyOptions, GeneratorNetwork } from '../../shared/checkpoint/formats/generator-network.ts';
import { loadCheckpoint } from '../../shared/checkpoint/formats/load.ts';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import { knownAnswers } from '../support/checkpoint/known-answers.ts';
import { largestDifference, runNetwork } from '../support/checkpoint/networks.ts';
import { Float, type Py } from '../support/checkpoint/pickler.ts';
import { RandomTensors } from '../support/checkpoint/records.ts';
import {
  DISCRIMINATOR,
  type TensorFlowOptions,
  tensorFlowStylegan2,
  variablesOf,
} from '../support/checkpoint/stylegan2-tensorflow.ts';
import { type TensorFlowSettings, tensorFlowImage } from '../support/checkpoint/stylegan2-tensorflow-reference.ts';
import { type SavedTensorFlowNetwork, tensorFlowPickle } from '../support/checkpoint/tensorflow-writer.ts';

/** float32 against float64 over a whole network. */
const TOLERANCE = 8e-6;

const random = new RandomTensors(3);
const z = [0, 1].map(() => [...random.normal([6]).floats()]);
const c = [
  [0, 1, 0],
  [0, 0, 1],
];

function loadedOf(network: SavedTensorFlowNetwork, protocol: 2 | 4 = 4) {
  const other = tensorFlowStylegan2({ resolution: 8, seed: 2 });
  return loadCheckpoint(bytesSource(tensorFlowPickle([other, DISCRIMINATOR, network], protocol)));
}

function networkOf(network: SavedTensorFlowNetwork, options?: FamilyOptions): GeneratorNetwork {
  const found = recogniseTensorFlowStyleGan2(loadedOf(network), options);
  if (!found) throw new Error('not recognised');
  return found;
}

const FILTER = [
  [1, 2, 3],
  [0, 5, 1],
  [2, 2, 4],
];

/** What is written, what the reference is told, and whether there are classes. */
const NETWORKS: Readonly<Record<string, readonly [TensorFlowOptions, TensorFlowSettings?]>> = {
  'configuration F, nothing said': [{}],
  'the residual architecture': [{ architecture: 'resnet' }],
  'the plain architecture': [{ architecture: 'orig' }],
  'the network that grew': [{ architecture: 'revised' }],
  'classes as stylegan2 has them': [{ classes: 3 }],
  'classes as stylegan2-ada has them': [{ classes: 3, ada: true }],
  'latents as they are': [{ settings: { normalize_latents: false } }, { normalise: false }],
  'classes and latents as they are': [{ classes: 3, settings: { normalize_latents: false } }, { normalise: false }],
  'no filter': [{ settings: { resample_kernel: null } }, { filter: [1, 1] }],
  'a filter without symmetry': [{ settings: { resample_kernel: [1, 2, 4, 3, 1] } }, { filter: [1, 2, 4, 3, 1] }],
  'a filter in two dimensions': [{ architecture: 'resnet', settings: { resample_kernel: FILTER } }, { filter: FILTER }],
  'rectified activations': [{ settings: { nonlinearity: 'relu' } }, { activation: 'relu' }],
  'linear activations': [
    { settings: { nonlinearity: 'linear', mapping_nonlinearity: 'linear' } },
    { activation: 'linear', mappingActivation: 'linear' },
  ],
  'another learning rate of the mapping': [
    { rate: 0.05, settings: { mapping_lrmul: new Float(0.05) } },
    { rate: 0.05 },
  ],
  'a limit that clips': [{ ada: true, settings: { conv_clamp: 1 } }, { clamp: 1 }],
  'a limit that clips, residual': [
    { ada: true, architecture: 'resnet', settings: { conv_clamp: 1, num_fp16_res: 2 } },
    { clamp: 1 },
  ],
  'no noise, one channel': [{ ada: true, useNoise: false, imageChannels: 1, settings: { use_noise: false } }],
  'the smallest network': [{ resolution: 4 }],
};

describe('the graph agrees with the formulas in float64', () => {
  test.each(Object.entries(NETWORKS))('%s', async (_, [options, settings]) => {
    const saved = tensorFlowStylegan2(options);
    const classes = options.classes ?? 0;
    const network = networkOf(saved);
    expect(network).toMatchObject({ classes, latentSize: 6, hasPsi: true, resolution: options.resolution ?? 16 });
    const images = await runNetwork(network, { z, psi: 0.7, ...(classes > 0 ? { c } : {}) });
    for (const [n, image] of images.entries()) {
      const expected = tensorFlowImage(saved, { z: z[n]!, c: c[n]!, psi: 0.7 }, settings).flat(2);
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.5);
      expect(largestDifference(image, expected)).toBeLessThan(TOLERANCE);
    }
  });
});

test('an image is the same in a batch and alone, with each protocol, and with flat names', async () => {
  const saved = tensorFlowStylegan2();
  const together = await runNetwork(networkOf(saved), { z, psi: 0.7 });
  const [alone] = await runNetwork(networkOf(saved), { z: [z[1]!], psi: 0.7 });
  expect(largestDifference(together[1]!, alone!)).toBeLessThan(2e-6);
  const older = await runNetwork(recognise(loadedOf(saved, 2), {})!, { z, psi: 0.7 });
  expect(older).toEqual(together);
  const flat = [...variablesOf(saved)].map(([name, one]) => [name.replace(/^(?=mapping|synthesis)/, 'G_'), one]);
  const all = { ...saved, components: {}, variables: Object.fromEntries(flat) };
  expect(await runNetwork(networkOf(all), { z, psi: 0.7 })).toEqual(together);
});

test('noise: constant, none, or of a seed', async () => {
  const saved = tensorFlowStylegan2();
  const [none] = await runNetwork(networkOf(saved, { noise: 'none' }), { z, psi: 1 });
  const expected = tensorFlowImage(saved, { z: z[0]!, psi: 1, noise: false }).flat(2);
  expect(largestDifference(none!, expected)).toBeLessThan(TOLERANCE);
  const [drawn] = await runNetwork(networkOf(saved, { noise: { seed: 3 } }), { z, psi: 1 });
  expect(largestDifference(drawn!, none!)).toBeGreaterThan(1e-2);
});

test('psi 0 gives the image of the mean, and a truncation may end', async () => {
  const saved = tensorFlowStylegan2();
  const [first, second] = await runNetwork(networkOf(saved), { z, psi: 0 });
  expect(largestDifference(first!, second!)).toBeLessThan(2e-6);
  const ended = await runNetwork(networkOf(saved, { truncationCutoff: 0 }), { z, psi: 0 });
  const expected = tensorFlowImage(saved, { z: z[0]!, psi: 1 }).flat(2);
  expect(largestDifference(ended[0]!, expected)).toBeLessThan(TOLERANCE);
});

const said = ({ assumptions }: GeneratorNetwork) => assumptions.map(({ what, value }) => `${what}: ${value}`);

test('says what the file does not', () => {
  const saved = tensorFlowStylegan2();
  const network = networkOf(saved);
  expect(network).toMatchObject({
    family: 'StyleGAN2 (NVlabs for TensorFlow, skip)',
    range: [-1, 1],
    latent: 'normal',
  });
  expect(said(network)).toEqual([
    'network: Gs',
    'formulas: G_main, G_mapping and G_synthesis_stylegan2 as NVlabs published them',
    'activations of the mapping: leaky ReLU (0.2) times the square root of 2',
    'learning rate of the mapping: 0.01',
    'latents are normalised: yes',
    'activations: leaky ReLU (0.2) times the square root of 2',
    'limit of activations: none',
    'filter of the resampling: 1, 3, 3, 1',
    'latent distribution: normal',
    'image range: -1 is black, 1 is white',
    'noise of the layers: the constant one in the file',
  ]);
  const trained = [...variablesOf(saved)].filter(([name]) => !/lod$|dlatent_avg|synthesis\/noise/.test(name));
  expect(network.parameters).toBe(trained.reduce((sum, [, { values }]) => sum + values.length, 0));
});

test('says nothing of what the file does, but what is done otherwise', () => {
  const settings: Readonly<Record<string, Py>> = {
    mapping_nonlinearity: 'lrelu',
    mapping_lrmul: 0.01,
    normalize_latents: true,
    nonlinearity: 'lrelu',
    conv_clamp: 256,
    resample_kernel: [1, 3, 3, 1],
    num_fp16_res: 2,
    truncation_psi: 0.5,
    truncation_cutoff: 4,
    fmap_base: 8192,
  };
  const network = networkOf(tensorFlowStylegan2({ ada: true, settings }), { noise: 'none' });
  expect(said(network).slice(2, -2)).toEqual([
    'truncation in the file: psi 0.5, the first 4 layers',
    'precision: float32 throughout; the file asks for float16 at 8, 16 pixels',
    'latent distribution: normal',
  ]);
});

test('settings are shown, and which of several networks is taken', () => {
  const loaded = loadedOf(tensorFlowStylegan2());
  expect(loaded.container).toBe('TensorFlow StyleGAN pickle');
  expect([...loaded.settings.keys()]).toEqual(['G', 'D', 'Gs']);
  expect(loaded.settings.get('D')).toEqual(new Map([['resolution', 16]]));
  expect(recogniseTensorFlowStyleGan2(loaded)!.resolution).toBe(16);
  expect(recogniseTensorFlowStyleGan2(loaded, { network: 'G' })!.resolution).toBe(8);
  expect(recogniseTensorFlowStyleGan2(loaded, { network: 'D' })).toBeUndefined();
});

describe('what is not known is refused, and named', () => {
  const saved = tensorFlowStylegan2();
  const [synthesis, mapping] = [saved.components!.synthesis!, saved.components!.mapping!];
  const withSettings = (settings: Readonly<Record<string, Py>>) => tensorFlowStylegan2({ settings });
  const withVariable = (name: string, shape: readonly number[]) => {
    const values = new Array(shape.reduce((product, extent) => product * extent, 1)).fill(1);
    const variables = { ...synthesis.variables, [name]: { shape, values } };
    return { ...saved, components: { mapping, synthesis: { ...synthesis, variables } } };
  };
  const without = (name: string) => {
    const variables = Object.fromEntries(Object.entries(synthesis.variables).filter(([other]) => other !== name));
    return { ...saved, components: { mapping, synthesis: { ...synthesis, variables } } };
  };
  test.each([
    [{ ...saved, components: { mapping, synthesis: { ...synthesis, builtBy: 'G_other' } } }, 'built by G_other'],
    [{ ...saved, components: { mapping: { ...mapping, builtBy: 'M' }, synthesis } }, 'built by M'],
    [{ ...saved, components: { mapping, synthesis, more: mapping } }, 'has a part "more"'],
    [withSettings({ architecture: 'resnet' }), '"architecture" "resnet"'],
    [withSettings({ nonlinearity: 'swish' }), '"nonlinearity" "swish"'],
    [withSettings({ resolution: 32 }), '"resolution" 32'],
    [withSettings({ mapping_layers: 8 }), '"mapping_layers" 8'],
    [withSettings({ dtype: 'float16' }), '"dtype" "float16"'],
    [withSettings({ mapping_lrmul: 0 }), '"mapping_lrmul" 0'],
    [withSettings({ conv_clamp: -1 }), '"conv_clamp" -1'],
    [withSettings({ num_fp16_res: 'all' }), '"num_fp16_res" "all"'],
    [withSettings({ resample_kernel: [1, -1] }), '"resample_kernel" [1,-1]'],
    [withSettings({ resample_kernel: [[1, 2], [3]] }), '"resample_kernel" [[1,2],[3]]'],
    [withSettings({ use_noise: false }), '"use_noise" false'],
    [withSettings({ min_h: 5 }), '"min_h" 5, which StyleGAN2 has not'],
    [
      tensorFlowStylegan2({ ada: true, classes: 3, settings: { normalize_latents: false } }),
      '"normalize_latents" false',
    ],
    [withVariable('8x8/Attention/weight', [1]), 'also has the variable "synthesis/8x8/Attention/weight"'],
    [withVariable('8x8/Conv1/weight', [3, 3, 4, 5]), '"synthesis/8x8/Conv1/weight" is [3,3,4,5]'],
    [withVariable('8x8/Conv1/weight', [2, 2, 5, 5]), '2 wide'],
    [withVariable('4x4/Const/const', [1, 6, 5, 3]), '"synthesis/4x4/Const/const" is [1,6,5,3]'],
    [withVariable('noise1', [1, 1, 4, 4]), '"synthesis/noise1" is [1,1,4,4]'],
    [without('16x16/ToRGB/bias'), 'no variable "synthesis/16x16/ToRGB/bias"'],
    [
      {
        ...tensorFlowStylegan2({ architecture: 'revised' }),
        variables: { ...saved.variables, lod: { shape: [], values: [1.5] } },
      },
      'level of detail 1.5',
    ],
  ] as const)('%#', (changed, what) => {
    expect(() => networkOf(changed)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^CHECKPOINT_(UNSUPPORTED|CORRUPT)$/),
        message: expect.stringContaining(what),
        help: expect.stringMatching(/./),
      }),
    );
  });

  test('StyleGAN, and every other function', () => {
    const style = { ...saved, builtBy: 'G_style' };
    const file = tensorFlowPickle([style, DISCRIMINATOR, style], 2);
    expect(() => recognise(loadCheckpoint(bytesSource(file)), {})).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_UNSUPPORTED',
        message: expect.stringContaining('G (G_style), D (D_stylegan2), Gs (G_style)'),
        help: expect.stringContaining('ONNX'),
      }),
    );
  });

  test.runIf(knownAnswers).each(['tf_p2.pkl', 'tf_p4.pkl'])('%s, whose functions have other names', (name) => {
    const loaded = loadCheckpoint(bytesSource(readFileSync(join(knownAnswers!, name))));
    expect(loaded.container).toBe('TensorFlow StyleGAN pickle');
    expect(loaded.settings.get('Gs')).toEqual(new Map(Object.entries({ resolution: 64, fmap_base: 2048 })));
    expect(() => recognise(loaded, {})).toThrow(expect.objectContaining({ code: 'CHECKPOINT_UNSUPPORTED' }));
  });
});

test('no other family', () => {
  const none = { container: 'torch zip', stateDicts: new Map(), settings: new Map(), findings: [] };
  expect(recogniseTensorFlowStyleGan2({ ...none, modules: new Map() })).toBeUndefined();
});
