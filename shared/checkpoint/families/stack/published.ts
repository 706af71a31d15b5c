/** Recognises published networks whose files do not say their strides and activations. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { StateDict } from '../../formats/tensor.ts';
import { type Recipe, recipeSchema } from '../../spec/recipe.ts';
import { candidate } from '../candidates.ts';
import { stackNetwork } from './network.ts';

/** A network that somebody published with its code: told by the names and shapes of all its tensors, and by nothing less. */
interface Published {
  readonly name: string;
  readonly source: string;
  /** Every tensor with more than one value. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly recipe: Recipe;
}

const leaky = { leakyRelu: 0.2 };
const doubling = { type: 'convTranspose', stride: 2, padding: 1 };
const BLOCK = 'generator_deconv';

/** Its blocks are nested, a convolution stands in the middle, and the first block ends without an activation. */
const FACE_GENERATOR: Published = {
  name: 'face-generator (DCGAN, 32 pixels)',
  source: 'the code published with it, github.com/fletchersarip93/face-generator',
  shapes: {
    [`${BLOCK}.0.0.weight`]: [100, 256, 4, 4],
    ...normalisation(`${BLOCK}.0.1`, 256),
    [`${BLOCK}.1.0.weight`]: [128, 256, 3, 3],
    ...normalisation(`${BLOCK}.1.1`, 128),
    [`${BLOCK}.2.0.weight`]: [128, 64, 4, 4],
    ...normalisation(`${BLOCK}.2.1`, 64),
    [`${BLOCK}.3.0.weight`]: [64, 32, 4, 4],
    ...normalisation(`${BLOCK}.3.1`, 32),
    [`${BLOCK}.4.0.weight`]: [32, 3, 4, 4],
    [`${BLOCK}.4.0.bias`]: [3],
  },
  recipe: recipeSchema.parse({
    latent: 'uniform',
    layers: [
      { type: 'convTranspose', weights: `${BLOCK}.0.0` },
      { type: 'batchNorm', weights: `${BLOCK}.0.1` },
      { type: 'conv', weights: `${BLOCK}.1.0`, padding: 1 },
      { type: 'batchNorm', weights: `${BLOCK}.1.1`, activation: leaky },
      { ...doubling, weights: `${BLOCK}.2.0` },
      { type: 'batchNorm', weights: `${BLOCK}.2.1`, activation: leaky },
      { ...doubling, weights: `${BLOCK}.3.0` },
      { type: 'batchNorm', weights: `${BLOCK}.3.1`, activation: leaky },
      { ...doubling, weights: `${BLOCK}.4.0`, activation: 'tanh' },
    ],
  }),
};

const PUBLISHED = [FACE_GENERATOR] as const;

/** A published network whose file says nothing of its strides and activations, but which no other one is like. */
export function recognisePublished(
  { stateDicts }: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  for (const { name, source, shapes, recipe } of PUBLISHED) {
    const found = candidate(stateDicts, (tensors) => isMadeOf(tensors, shapes), options.network);
    if (!found) continue;
    const assumptions = ['strides and paddings', 'activations', 'latent distribution'].map((what) => ({
      what,
      value: 'as published',
      source,
    }));
    return stackNetwork(recipe, found.value, { family: name, assumptions: [...found.assumptions, ...assumptions] });
  }
  return undefined;
}

function isMadeOf(tensors: StateDict, shapes: Published['shapes']): boolean {
  const mine = [...tensors].filter(([, { shape }]) => shape.length > 0);
  return (
    mine.length === Object.keys(shapes).length &&
    mine.every(([name, { shape }]) => String(shapes[name]) === String(shape))
  );
}

function normalisation(name: string, channels: number): Published['shapes'] {
  const parts = ['weight', 'bias', 'running_mean', 'running_var'];
  return Object.fromEntries(parts.map((part) => [`${name}.${part}`, [channels]]));
}
