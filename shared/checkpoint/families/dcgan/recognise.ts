/** Recognises DCGAN generators. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { StateDict } from '../../formats/tensor.ts';
import type { Assumption } from '../../spec/generator.ts';
import { type Recipe, recipeSchema } from '../../spec/recipe.ts';
import { candidate } from '../candidates.ts';
import { stackNetwork } from '../stack/network.ts';
import { type NumberedLayer, sequentialOf } from './sequential.ts';

/**
 * A DCGAN generator (Radford et al. 2016; names and numbers as in the PyTorch example): a latent becomes a small
 * picture, and every further transposed convolution, 4 x 4, doubles it. A state dict holds neither strides nor
 * activations, so only this one arrangement is taken from shapes and numbers, and what is assumed is listed.
 */
export function recogniseDcgan(
  { stateDicts }: LoadedCheckpoint,
  options: FamilyOptions = {},
): GeneratorNetwork | undefined {
  const stacks = new Map<string, Stack>();
  for (const [path, tensors] of stateDicts) {
    const layers = sequentialOf(tensors);
    if (layers && isGenerator(layers)) stacks.set(path, { tensors, layers });
  }
  const found = candidate(stacks, () => true, options.network);
  if (!found) return undefined;
  const { recipe, assumptions } = recipeOf(found.value);
  return stackNetwork(recipe, found.value.tensors, {
    family: 'DCGAN',
    assumptions: [...found.assumptions, ...assumptions],
  });
}

interface Stack {
  readonly tensors: StateDict;
  readonly layers: readonly NumberedLayer[];
}

const KERNEL = 4;

/** Whether channels follow from layer to layer, and kernels and numbers are those of a DCGAN. */
function isGenerator(layers: readonly NumberedLayer[]): boolean {
  let channels: number | undefined;
  let convolutions = 0;
  for (const [place, { index, kind, weight }] of layers.entries()) {
    const previous = layers[place - 1];
    const gap = index - (previous?.index ?? -1) - 1;
    if (kind === 'batchNorm') {
      if (previous?.kind !== 'convTranspose' || gap !== 0 || weight.shape[0] !== channels) return false;
      continue;
    }
    const [takes, gives, height, width] = weight.shape;
    if (previous ? gap !== 1 || takes !== channels : gap !== 0) return false;
    if (height !== width || (previous && height !== KERNEL)) return false;
    channels = gives;
    convolutions += 1;
  }
  const last = layers.at(-1)!;
  return convolutions > 1 && last.kind === 'convTranspose' && (channels === 1 || channels === 3);
}

function recipeOf({ layers, tensors }: Stack): { recipe: Recipe; assumptions: Assumption[] } {
  const steps = layers.map(({ name, kind }, place) => {
    const next = layers[place + 1];
    const activation = next === undefined ? 'tanh' : next.kind === 'batchNorm' ? undefined : 'relu';
    if (kind === 'batchNorm') return { type: kind, weights: name, activation };
    return { type: kind, weights: name, stride: place === 0 ? 1 : 2, padding: place === 0 ? 0 : 1, activation };
  });
  const mine = new Set(layers.map(({ name }) => name));
  const others = [...tensors.keys()].filter((name) => !mine.has(name.slice(0, name.lastIndexOf('.'))));
  const recipe = recipeSchema.parse({ layers: steps, ignore: others });
  const [size] = layers[0]!.weight.shape.slice(2);
  const assumptions: Assumption[] = [
    {
      what: 'strides and paddings',
      value: `the first ${size} x ${size} with stride 1, then ${KERNEL} x ${KERNEL} with stride 2 and padding 1`,
      source: 'assumed: a DCGAN, by the shapes; a recipe may say otherwise',
    },
    {
      what: 'activations',
      value: 'ReLU, and Tanh at the end',
      source: 'assumed: a DCGAN, by the numbers of its layers; a recipe may say otherwise',
    },
  ];
  if (layers.some(({ kind }) => kind === 'batchNorm')) {
    assumptions.push({
      what: 'batch normalisation',
      value: 'with the statistics of training, epsilon 1e-5',
      source: 'assumed: as PyTorch does by default; a recipe may say otherwise',
    });
  }
  return { recipe, assumptions };
}
