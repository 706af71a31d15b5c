/** Recognises generators saved whole by PyTorch whose layers are one Sequential. */

import type { FamilyOptions, GeneratorNetwork } from '../../formats/generator-network.ts';
import type { LoadedCheckpoint } from '../../formats/loaded.ts';
import type { PlainValue, SavedModule } from '../../formats/saved-module.ts';
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import type { Assumption } from '../../spec/generator.ts';
import { type Activation, type RecipeLayer, recipeSchema } from '../../spec/recipe.ts';
import { candidate } from '../candidates.ts';
import { stackNetwork } from './network.ts';

/** A layer of a recipe, and where it is in the network. */
type Step = { readonly layer: RecipeLayer } | { readonly activation: Activation } | 'nothing';

/**
 * A generator saved whole by PyTorch whose layers are in one Sequential: unlike a state dict it says its strides and
 * activations itself. Undefined where there is none, or where a layer is of a kind that a recipe cannot say either.
 */
export function recogniseSequential(loaded: LoadedCheckpoint, options: FamilyOptions): GeneratorNetwork | undefined {
  const stacks = new Map<string, NonNullable<ReturnType<typeof stackOf>>>();
  for (const [name, module] of loaded.modules) {
    const stack = stackOf(module);
    if (stack) stacks.set(name, stack);
  }
  const found = candidate(stacks, () => true, options.network);
  if (!found) return undefined;
  const { layers, tensors, assumptions } = found.value;
  return stackNetwork(recipeSchema.parse({ layers }), tensors, {
    family: 'stack of layers (PyTorch)',
    assumptions: [...found.assumptions, ...assumptions],
  });
}

/** The layers of a network that is one Sequential, or has one and nothing else. */
function stackOf(network: SavedModule) {
  let sequence = network;
  let prefix = '';
  const assumptions: Assumption[] = [];
  while (sequence.className !== 'Sequential') {
    const [only, another] = [...sequence.modules];
    if (!only || another || sequence.parameters.size + sequence.buffers.size > 0) return undefined;
    prefix = `${prefix}${only[0]}.`;
    if (sequence.className !== 'DataParallel') {
      const value = `${sequence.className} runs its one part, "${only[0]}", and nothing else`;
      assumptions.push({
        what: 'network',
        value,
        source: 'assumed: the file holds its parts, not what it does with them',
      });
    }
    sequence = only[1];
  }
  const tensors = new Map<string, CheckpointTensor>();
  const layers = layersOf(sequence, prefix, tensors);
  const grows = layers?.some(({ type }) => type === 'convTranspose' || type === 'upsample');
  // A network that ends otherwise is likely to do more than its parts say.
  const last = layers?.at(-1)?.activation;
  return layers && grows && (last === 'tanh' || last === 'sigmoid')
    ? { layers, tensors: tensors as StateDict, assumptions }
    : undefined;
}

function layersOf(
  sequence: SavedModule,
  prefix: string,
  tensors: Map<string, CheckpointTensor>,
): RecipeLayer[] | undefined {
  const layers: RecipeLayer[] = [];
  for (const [name, module] of sequence.modules) {
    const path = `${prefix}${name}`;
    if (module.className === 'Sequential') {
      const inner = layersOf(module, `${path}.`, tensors);
      if (!inner) return undefined;
      layers.push(...inner);
      continue;
    }
    const step = stepOf(module, path);
    if (step === undefined) return undefined;
    for (const [key, tensor] of [...module.parameters, ...module.buffers]) tensors.set(`${path}.${key}`, tensor);
    if (step === 'nothing') continue;
    if ('layer' in step) layers.push(step.layer);
    else {
      const last = layers.at(-1);
      if (!last || last.activation !== undefined) return undefined;
      last.activation = step.activation;
    }
  }
  return layers;
}

/** What a module of torch.nn does; undefined where it is another, or set up as no recipe can say. */
function stepOf({ className, attributes }: SavedModule, weights: string): Step | undefined {
  const number = (name: string) => {
    const value = attributes.get(name);
    return typeof value === 'number' ? value : undefined;
  };
  switch (className) {
    case 'ReLU':
      return { activation: 'relu' };
    case 'Tanh':
      return { activation: 'tanh' };
    case 'Sigmoid':
      return { activation: 'sigmoid' };
    case 'LeakyReLU': {
      const slope = number('negative_slope');
      return slope === undefined ? undefined : { activation: { leakyRelu: slope } };
    }
    case 'Identity':
    case 'Dropout':
    case 'Dropout2d':
      return 'nothing';
    case 'Linear':
      return { layer: { type: 'linear', weights } };
    case 'BatchNorm1d':
    case 'BatchNorm2d': {
      const eps = number('eps');
      return eps === undefined ? undefined : { layer: { type: 'batchNorm', weights, eps } };
    }
    case 'Conv2d':
    case 'ConvTranspose2d': {
      const [stride, padding] = [square(attributes.get('stride')), square(attributes.get('padding'))];
      const isPlain =
        square(attributes.get('dilation')) === 1 &&
        number('groups') === 1 &&
        attributes.get('padding_mode') === 'zeros';
      if (!isPlain || stride === undefined || padding === undefined) return undefined;
      if (className === 'Conv2d') return { layer: { type: 'conv', weights, stride, padding } };
      const outputPadding = square(attributes.get('output_padding'));
      if (outputPadding === undefined) return undefined;
      return { layer: { type: 'convTranspose', weights, stride, padding, outputPadding } };
    }
    case 'Unflatten': {
      const shape = attributes.get('unflattened_size');
      const [channels, height, width, more] = Array.isArray(shape) ? shape.map(Number) : [];
      if (channels === undefined || height === undefined || width === undefined || more !== undefined) return undefined;
      return attributes.get('dim') === 1 ? { layer: { type: 'reshape', shape: [channels, height, width] } } : undefined;
    }
    case 'Upsample': {
      const [factor, mode] = [square(attributes.get('scale_factor')), attributes.get('mode')];
      const corners = attributes.get('align_corners') === true;
      if (factor === undefined || corners || (mode !== 'nearest' && mode !== 'bilinear')) return undefined;
      return { layer: { type: 'upsample', factor, mode } };
    }
    default:
      return undefined;
  }
}

/** A setting for height and width, where it is the same for both. */
function square(value: PlainValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (!Array.isArray(value)) return undefined;
  const [height, width, more]: readonly PlainValue[] = value;
  return typeof height === 'number' && height === width && more === undefined ? height : undefined;
}
