import { describe, expect, it } from 'vitest';
import { recogniseDcgan } from '../../shared/checkpoint/families/dcgan/recognise.ts';
import { recogniseSequential } from '../../shared/checkpoint/families/stack/modules.ts';
import { networkOfRecipe } from '../../shared/checkpoint/families/stack/recipe.ts';
import type { GeneratorNetwork } from '../../shared/checkpoint/formats/generator-network.ts';
import type { SavedModule } from '../../shared/checkpoint/formats/saved-module.ts';
import type { StateDict } from '../../shared/checkpoint/formats/tensor.ts';
import { recipeSchema } from '../../shared/checkpoint/spec/recipe.ts';
import { GraphBuilder, WeightFile } from '../../shared/onnx/graph.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { batchNorm, convTranspose, map, type Planes } from '../support/checkpoint/stack-reference.ts';
import { dcganDict, loadedOf, tensor } from '../support/checkpoint/tensors.ts';
import { openModel } from '../support/runtime.ts';

const LATENT = [0.5, -1.25, 2, 0.125, -0.75, 1];

/** The first picture, weights beside the model. */
async function picture(network: GeneratorNetwork, latent = LATENT): Promise<Float32Array> {
  const file = new WeightFile('weights');
  const graph = new GraphBuilder('test', file);
  const z = graph.input('z', 'float32', ['n', network.latentSize]);
  const image = network.build(graph, { z, c: null, psi: null });
  const { resolution, channels } = network;
  graph.output('image', image, 'float32', ['n', channels, resolution, resolution]);
  const model = await openModel(graph.model(), file.files());
  const made = await model.run({ z: floatTensor(Float32Array.from(latent), [1, latent.length]) }, ['image']);
  return floats(made.image);
}

/** The DCGAN of `dcganDict` by the definition of its layers, in double precision. */
function reference(tensors: StateDict): Float64Array {
  const relu = (x: Planes) => map(x, (value) => Math.max(0, value));
  let x: Planes = { data: Float64Array.from(LATENT), channels: LATENT.length, side: 1 };
  x = relu(batchNorm(convTranspose(x, tensors, 'main.0', 1, 0), tensors, 'main.1'));
  x = relu(batchNorm(convTranspose(x, tensors, 'main.3', 2, 1), tensors, 'main.4'));
  return map(convTranspose(x, tensors, 'main.6', 2, 1), Math.tanh).data;
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe('a DCGAN', () => {
  it('gives the pictures that its layers define', async () => {
    const tensors = dcganDict();
    const network = recogniseDcgan(loadedOf({ '': tensors }))!;
    expect(network).toMatchObject({
      family: 'DCGAN',
      resolution: 16,
      channels: 3,
      latentSize: 6,
      classes: 0,
      hasPsi: false,
      range: [-1, 1],
      parameters: 16 * (6 * 5 + 5 * 4 + 4 * 3) + 2 * (5 + 4),
    });
    expect(network.assumptions.map(({ what }) => what)).toEqual([
      'strides and paddings',
      'activations',
      'batch normalisation',
      'image range',
    ]);
    const made = await picture(network);
    expect(made).toHaveLength(3 * 16 * 16);
    expect(worst(made, reference(tensors))).toBeLessThan(1e-6);
  });

  it.each(['', 'main.', 'module.main.', 'model.generator.net.'])('is known behind the prefix "%s"', (prefix) => {
    expect(recogniseDcgan(loadedOf({ state_dict: dcganDict({ prefix }) }))).toMatchObject({ resolution: 16 });
  });

  it('is found beside its discriminator', () => {
    const both = dcganDict({ prefix: 'netG.main.' });
    both.set('netD.main.0.weight', tensor(new Float32Array(4 * 3 * 16), [4, 3, 4, 4]));
    both.set('netD.main.2.weight', tensor(new Float32Array(8 * 4 * 16), [8, 4, 4, 4]));
    expect(recogniseDcgan(loadedOf({ '': both }))).toMatchObject({ parameters: 1010 });
    const discriminator = new Map([...both].filter(([name]) => name.startsWith('netD')));
    expect(recogniseDcgan(loadedOf({ netG: dcganDict(), netD: discriminator }))).toMatchObject({ parameters: 1010 });
    expect(recogniseDcgan(loadedOf({ netD: discriminator }))).toBeUndefined();
  });

  it('of several is the averaged one, or the one that is named', () => {
    const several = loadedOf({ a: dcganDict({ seed: 1 }), b: dcganDict({ latent: 8 }) });
    expect(() => recogniseDcgan(several)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_AMBIGUOUS' }));
    expect(recogniseDcgan(several, { network: 'b' })).toMatchObject({ latentSize: 8 });
    expect(recogniseDcgan(loadedOf({ a: dcganDict(), g_ema: dcganDict({ latent: 8 }) }))).toMatchObject({
      latentSize: 8,
    });
  });

  it.each<[string, (dict: Map<string, ReturnType<typeof tensor>>) => void]>([
    ['another kernel', (dict) => dict.set('main.3.weight', tensor(new Float32Array(5 * 4 * 9), [5, 4, 3, 3]))],
    [
      'channels that do not follow',
      (dict) => dict.set('main.3.weight', tensor(new Float32Array(96 * 4), [6, 4, 4, 4])),
    ],
    ['room for two activations', (dict) => rename(dict, 'main.6.weight', 'main.7.weight')],
    ['a layer of another kind', (dict) => dict.set('main.9.weight', tensor([1, 2, 3], [3, 1]))],
    ['a name of another kind', (dict) => rename(dict, 'main.6.weight', 'main.6.weight_orig')],
    ['a nested block', (dict) => rename(dict, 'main.0.weight', 'main.0.0.weight')],
    ['no statistics of training', (dict) => dict.delete('main.1.running_mean')],
    ['two channels', (dict) => dict.set('main.6.weight', tensor(new Float32Array(4 * 2 * 16), [4, 2, 4, 4]))],
  ])('is not taken for one: %s', (_, change) => {
    const dict = dcganDict();
    change(dict);
    expect(recogniseDcgan(loadedOf({ '': dict }))).toBeUndefined();
  });

  it('whose variance is negative is damaged', () => {
    const dict = dcganDict();
    dict.set('main.1.running_var', tensor([1, 1, -1, 1, 1], [5]));
    const network = recogniseDcgan(loadedOf({ '': dict }))!;
    const graph = new GraphBuilder('test');
    const inputs = { z: graph.input('z', 'float32', ['n', 6]), c: null, psi: null };
    expect(() => network.build(graph, inputs)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
  });
});

function rename<T>(map: Map<string, T>, from: string, to: string): void {
  map.set(to, map.get(from)!);
  map.delete(from);
}

describe('a recipe', () => {
  const dcgan = {
    layers: [
      { type: 'convTranspose', weights: 'main.0' },
      { type: 'batchNorm', weights: 'main.1', activation: 'relu' },
      { type: 'convTranspose', weights: 'main.3', stride: 2, padding: 1 },
      { type: 'batchNorm', weights: 'main.4', activation: 'relu' },
      { type: 'convTranspose', weights: 'main.6', stride: 2, padding: 1, activation: 'tanh' },
    ],
  };
  const read = (recipe: object, dict: StateDict = dcganDict(), path = '') =>
    networkOfRecipe(loadedOf({ [path]: dict }), recipeSchema.parse(recipe));

  it('gives the pictures that it describes', async () => {
    expect(worst(await picture(read(dcgan)), reference(dcganDict()))).toBeLessThan(1e-6);
  });

  it('says what each kind of layer does', async () => {
    const dict = new Map([
      ['fc.weight', tensor([1, 0, 0, 1, 1, 1, -1, 1], [4, 2])],
      ['fc.bias', tensor([0, 0, 0, 1], [4])],
      ['bn.running_mean', tensor([1], [1])],
      ['bn.running_var', tensor([3], [1])],
      ['conv.weight', tensor([0, 0, 0, 0, 1, 0, 0, 0, 0], [1, 1, 3, 3])],
    ]);
    const layers = [
      { type: 'linear', weights: 'fc', activation: { leakyRelu: 0.5 } },
      { type: 'reshape', shape: [1, 2, 2] },
      { type: 'batchNorm', weights: 'bn', eps: 1 },
      { type: 'upsample', factor: 2, mode: 'nearest' },
      { type: 'conv', weights: 'conv', padding: 1 },
    ];
    const network = read({ layers, latent: 'uniform', range: [0, 1] }, dict, 'model');
    expect(network).toMatchObject({ resolution: 4, channels: 1, latentSize: 2, latent: 'uniform', range: [0, 1] });
    // (4, -2) -> 4, -2, 2, -5 -> 4, -1, 2, -2.5 -> 1.5, -1, 0.5, -1.75, each four times.
    const [a, b, c, d] = [1.5, -1, 0.5, -1.75];
    const expected = [a, a, b, b, a, a, b, b, c, c, d, d, c, c, d, d];
    expect(worst(await picture(network, [4, -2]), expected)).toBeLessThan(1e-6);
  });

  it.each<[string, object, string]>([
    ['a tensor that is not there', { layers: [{ type: 'conv', weights: 'nothing' }] }, 'first layer'],
    ['a layer left out', { layers: dcgan.layers.slice(0, 4) }, 'leaves out 1 tensors, the first "main.6.weight"'],
    ['no picture at the end', { layers: dcgan.layers.slice(0, 2), ignore: ['main.'] }, 'no square picture'],
    ['a tensor used twice', { layers: [...dcgan.layers.slice(0, 3), dcgan.layers[2]] }, 'a second time'],
    ['nothing left of the picture', { layers: [{ type: 'convTranspose', weights: 'main.0', padding: 9 }] }, 'nothing'],
    ['a layer that does not follow', { layers: [dcgan.layers[0], dcgan.layers[4]] }, 'does not take the 5 values'],
    ['a state dict that is not there', { ...dcgan, stateDict: 'g' }, 'holds ""'],
    [
      'no word on its range',
      { layers: [...dcgan.layers.slice(0, 4), { type: 'convTranspose', weights: 'main.6', stride: 2, padding: 1 }] },
      'which values are black and white',
    ],
    [
      'an impossible shape',
      { layers: [dcgan.layers[0], { type: 'reshape', shape: [1, 2, 3] }] },
      'cannot make [1,2,3] of 80 values',
    ],
  ])('is refused with %s', (_, recipe, what) => {
    expect(() => read(recipe)).toThrow(
      expect.objectContaining({ code: 'CARD_INVALID', message: expect.stringContaining(what) }),
    );
  });
});

describe('a generator saved whole', () => {
  const part = (className: string, attributes: object = {}, tensors: Record<string, number[]> = {}): SavedModule => {
    const filled = new Map(
      Object.entries(tensors).map(([name, shape]) => [
        name,
        tensor(
          Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 5) / 5),
          shape,
        ),
      ]),
    );
    return { ...recordOf(className, {}), attributes: new Map(Object.entries(attributes)), parameters: filled };
  };
  const recordOf = (className: string, modules: Record<string, SavedModule>): SavedModule => ({
    className,
    parameters: new Map(),
    buffers: new Map(),
    modules: new Map(Object.entries(modules)),
    attributes: new Map(),
  });
  const plain = { dilation: [1, 1], groups: 1, padding_mode: 'zeros', output_padding: [0, 0] };
  const first = part('ConvTranspose2d', { ...plain, stride: [1, 1], padding: [0, 0] }, { weight: [4, 5, 8, 8] });
  const up = part('ConvTranspose2d', { ...plain, stride: [2, 2], padding: [1, 1] }, { weight: [5, 3, 4, 4] });
  const statistics = { weight: [5], bias: [5], running_mean: [5], running_var: [5] };
  const layers = {
    0: first,
    1: part('BatchNorm2d', { eps: 0.01 }, statistics),
    2: part('LeakyReLU', { negative_slope: 0.1 }),
    3: part('Dropout'),
    4: up,
    5: part('Sigmoid'),
  };
  const recognised = (changes: Record<string, SavedModule>) => {
    const generator = recordOf('Generator', { main: recordOf('Sequential', { ...layers, ...changes }) });
    return recogniseSequential({ ...loadedOf({}), modules: new Map([['', generator]]) }, {});
  };

  it('says strides and activations itself', async () => {
    const network = recognised({})!;
    expect(network).toMatchObject({ resolution: 16, channels: 3, latentSize: 4, range: [0, 1] });
    expect(network.assumptions[0]).toMatchObject({ value: 'Generator runs its one part, "main", and nothing else' });
    const same = networkOfRecipe(
      loadedOf({
        '': new Map(
          Object.entries(layers).flatMap(([name, { parameters }]) =>
            [...parameters].map(([key, value]) => [`${name}.${key}`, value] as const),
          ),
        ),
      }),
      recipeSchema.parse({
        layers: [
          { type: 'convTranspose', weights: '0' },
          { type: 'batchNorm', weights: '1', eps: 0.01, activation: { leakyRelu: 0.1 } },
          { type: 'convTranspose', weights: '4', stride: 2, padding: 1, activation: 'sigmoid' },
        ],
      }),
    );
    const latent = [1, -2, 0.5, 3];
    expect(await picture(network, latent)).toEqual(await picture(same, latent));
  });

  it.each<[string, Record<string, SavedModule>]>([
    ['a layer of its own making', { 3: part('SelfAttention') }],
    ['groups', { 4: { ...up, attributes: new Map([...up.attributes, ['groups', 5]]) } }],
    ['a stride of two kinds', { 4: { ...up, attributes: new Map([...up.attributes, ['stride', [2, 1]]]) } }],
    ['an end that bounds nothing', { 5: part('ReLU') }],
    ['two activations in a row', { 3: part('Tanh') }],
  ])('with %s is not taken', (_, changes) => {
    expect(recognised(changes)).toBeUndefined();
  });
});
