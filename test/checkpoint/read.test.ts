import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../shared/checkpoint/formats/source.ts';
import { readGenerator } from '../../shared/checkpoint/read.ts';
import type { CheckpointCard } from '../../shared/checkpoint/spec/card.ts';
import { type Recipe, recipeSchema } from '../../shared/checkpoint/spec/recipe.ts';
import { summarize } from '../../shared/onnx/model.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { networkPickle, safetensorsFile, savedDict } from '../support/checkpoint/files.ts';
import { stylegan2Record } from '../support/checkpoint/stylegan2.ts';
import { dcganDict, tensor } from '../support/checkpoint/tensors.ts';
import { torchLegacy, torchZip } from '../support/checkpoint/torch-writer.ts';
import { openModel } from '../support/runtime.ts';
import { tinyGenerator } from '../support/tiny-generator.ts';

const read = (bytes: Uint8Array, card: CheckpointCard = {}, recipe?: Recipe) =>
  readGenerator(bytesSource(bytes), card, recipe);
const fails = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

const dcgan = savedDict(dcganDict());
const zip = torchZip(dcgan, 'generator');
const keys = Object.keys(dcgan).map((_, i) => String(i));
const recipe = recipeSchema.parse({
  layers: [
    { type: 'convTranspose', weights: 'main.0' },
    { type: 'batchNorm', weights: 'main.1', activation: 'relu' },
    { type: 'convTranspose', weights: 'main.3', stride: 2, padding: 1 },
    { type: 'batchNorm', weights: 'main.4', activation: 'relu' },
    { type: 'convTranspose', weights: 'main.6', stride: 2, padding: 1, activation: 'tanh' },
  ],
});

/** The picture of one latent, weights beside the model or in it. */
async function picture(generator: ReturnType<typeof read>, within: number): Promise<Float32Array> {
  const { model, weights } = generator.build(within);
  const opened = await openModel(
    model,
    weights.map(({ location, data }) => ({ path: location, data })),
  );
  const z = floatTensor(Float32Array.from([1, -1, 0.5, 2, -2, 0]), [1, 6]);
  return floats((await opened.run({ z }, ['image'])).image);
}

describe('the same weights', () => {
  it.each<[string, string, Uint8Array, Recipe | undefined]>([
    ['an archive of PyTorch', 'torch zip', zip, undefined],
    ['an older file of PyTorch', 'torch legacy', torchLegacy(dcgan, keys), undefined],
    ['safetensors', 'safetensors', safetensorsFile(dcganDict()), undefined],
    ['safetensors with a recipe', 'safetensors', safetensorsFile(dcganDict()), recipe],
  ])('in %s are the same generator', async (_, container, bytes, beside) => {
    const generator = read(bytes, {}, beside);
    expect(generator).toMatchObject({
      spec: { latent: { input: 'z', size: 6, dims: [6] }, classes: null, psi: null, parameters: 1010 },
      range: [-1, 1],
      externalFiles: [],
      contents: { kind: 'weights', container, resolution: 16 },
    });
    expect(await picture(generator, 0)).toEqual(await picture(read(zip), 2 ** 20));
  });

  it('lie in the model where they fit, else in a file beside it', () => {
    const large = safetensorsFile(dcganDict({ latent: 64 }));
    const inside = read(large).build(2 ** 20);
    expect(inside.weights).toEqual([]);
    expect(summarize(inside.model).externalFiles).toEqual([]);
    const beside = read(large).build(0);
    expect(beside.weights.map(({ location }) => location)).toEqual(['generator.weights']);
    expect(summarize(beside.model)).toMatchObject({
      externalFiles: ['generator.weights'],
      inputs: [{ name: 'z', type: 'float32', dims: ['n', 64] }],
      outputs: [{ name: 'image', dims: ['n', 3, 16, 16] }],
    });
  });
});

describe('a StyleGAN2 with classes', () => {
  const bytes = networkPickle(
    { G_ema: stylegan2Record({ classes: 3 }), D: stylegan2Record() },
    new Map([['training_set_kwargs', new Map([['path', 'faces.zip']])]]),
  );

  it('takes one-hot classes and psi, and says what else is in the file', () => {
    const { spec, contents, assumptions, build } = read(bytes);
    expect(spec).toMatchObject({
      format: expect.stringMatching(/^StyleGAN2 .*NVlabs pickle$/),
      classes: { input: 'c', count: 3, encoding: 'onehot', dims: [3] },
      psi: { input: 'psi', value: 1, dims: [1] },
    });
    expect(spec.classes).not.toHaveProperty('labels');
    expect(summarize(build(0).model).inputs.map(({ name, dims }) => [name, dims])).toEqual([
      ['z', ['n', spec.latent.size]],
      ['c', ['n', 3]],
      ['psi', [1]],
    ]);
    expect(contents).toMatchObject({ kind: 'weights', container: 'NVlabs pickle', classes: 3 });
    expect(contents.kind === 'weights' && contents.settings.get('training_set_kwargs')).toEqual(
      new Map([['path', 'faces.zip']]),
    );
    const named = assumptions.map(({ what }) => what);
    expect(new Set(named).size).toBe(named.length);
    for (const what of ['latent distribution', 'image range', 'classes', 'truncation psi'])
      expect(named).toContain(what);
  });

  it('is run as the card says', () => {
    const card: CheckpointCard = {
      psi: 0.5,
      classes: { labels: [2, 0] },
      latent: { distribution: 'uniform', low: 0, high: 1 },
      image: { range: [0, 1] },
    };
    const { spec, range, assumptions } = read(bytes, card);
    expect(spec).toMatchObject({
      latent: { distribution: 'uniform', low: 0, high: 1 },
      classes: { count: 3, labels: [2, 0] },
      psi: { value: 0.5 },
    });
    expect(range).toEqual([0, 1]);
    const source = 'card beside the checkpoint';
    expect(assumptions).toContainEqual({ what: 'classes', value: '3, of which 2, 0 by turns', source });
    expect(assumptions).toContainEqual({ what: 'truncation psi', value: '0.5', source });
  });

  it.each<[CheckpointCard, string, string]>([
    [{ classes: { labels: [3] } }, 'CHECKPOINT_AMBIGUOUS', 'class 3'],
    [{ classes: { count: 4 } }, 'CHECKPOINT_AMBIGUOUS', 'classes'],
    [{ latent: { size: 7 } }, 'CHECKPOINT_AMBIGUOUS', '7 values'],
    [{ network: 'G_other' }, 'CHECKPOINT_UNSUPPORTED', 'G_ema (Generator), D (Generator)'],
  ])('refuses a card that says otherwise: %j', (card, code, message) => {
    expect(() => read(bytes, card)).toThrow(fails(code, message));
  });
});

describe('refused, with what can be done', () => {
  it('weights of no known network, naming some of them', () => {
    const dict = new Map(Array.from({ length: 12 }, (_, i) => [`layer${i}`, tensor([i], [1])] as const));
    expect(() => read(safetensorsFile(dict))).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_UNSUPPORTED',
        message: expect.stringMatching(/the tensors layer0 \[1\], .* and 4 more\.$/),
        help: expect.stringMatching(/recipe.*ONNX/),
      }),
    );
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'CHECKPOINT_CORRUPT'],
    ['a text', new TextEncoder().encode('a checkpoint, honestly'), 'CHECKPOINT_UNSUPPORTED'],
    ['a web page', new TextEncoder().encode('<!doctype html>'), 'CHECKPOINT_UNSUPPORTED'],
    ['half an archive', zip.subarray(0, zip.length / 2), 'CHECKPOINT_CORRUPT'],
  ])('%s', (_, bytes, code) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code }));
  });

  it('a recipe beside a model, and fields of a card that mean nothing for the file', () => {
    expect(() => read(tinyGenerator(), {}, recipe)).toThrow(fails('CARD_INVALID', 'recipe'));
    expect(() => read(tinyGenerator(), { noise: 'none' })).toThrow(fails('CARD_INVALID', '"noise"'));
    expect(() => read(zip, { network: 'g' }, recipe)).toThrow(fails('CARD_INVALID', '"network"'));
    expect(() => read(zip, { psi: 0.7 })).toThrow(fails('CHECKPOINT_AMBIGUOUS', 'truncation'));
    expect(() => read(zip, { classes: { labels: [0] } })).toThrow(fails('CHECKPOINT_AMBIGUOUS', 'classes'));
  });
});

it('an ONNX model stays as it is', () => {
  const model = tinyGenerator();
  const generator = read(model);
  expect(generator.contents).toMatchObject({ kind: 'model', producer: 'rewound' });
  expect(generator.range).toBeUndefined();
  expect(generator.build(0)).toEqual({ model, weights: [] });
});
