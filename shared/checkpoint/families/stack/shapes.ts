/** Works out the shapes of layers that follow one another. */
import { RewoundError } from '../../../errors.ts';
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import type { Activation, Recipe, RecipeLayer } from '../../spec/recipe.ts';

/** What goes from layer to layer, without the batch: a vector, or channels, height and width. */
export type Shape = readonly [length: number] | readonly [channels: number, height: number, width: number];

/** Batch normalisation with the statistics of training (Ioffe and Szegedy 2015, algorithm 2). */
export interface Normalisation {
  readonly mean: CheckpointTensor;
  readonly variance: CheckpointTensor;
  /** Null where the layer has none: then 1 and 0. */
  readonly gain: CheckpointTensor | null;
  readonly bias: CheckpointTensor | null;
  readonly eps: number;
}

/** A layer whose tensors were found and fit. */
export interface StackLayer {
  readonly layer: RecipeLayer;
  readonly input: Shape;
  readonly output: Shape;
  readonly weight: CheckpointTensor | null;
  readonly bias: CheckpointTensor | null;
  /** Of a normalising layer, or of the one that follows this layer and is folded into it. */
  readonly normalisation: Normalisation | null;
  readonly activation: Activation | undefined;
}

/** Most values a layer may give for one sample: a picture of 4096 x 4096 with 64 channels. */
const MOST_VALUES = 2 ** 30;

function unfit(message: string): RewoundError {
  return new RewoundError('CARD_INVALID', message, { help: 'Correct the recipe; docs/checkpoints.md describes it.' });
}

/** Works out every layer's shapes from its tensors. Throws CARD_INVALID where a recipe does not fit them. */
export function fitLayers({ layers, ignore }: Recipe, tensors: StateDict): readonly StackLayer[] {
  const used = new Set<string>();
  const find = (layer: number, name: string): CheckpointTensor | null => {
    const tensor = tensors.get(name);
    if (!tensor) return null;
    if (used.has(name)) throw unfit(`Layer ${layer + 1} of the recipe uses the tensor "${name}" a second time.`);
    used.add(name);
    return tensor;
  };
  const fitted: StackLayer[] = [];
  let shape: Shape | undefined;
  for (const [place, layer] of layers.entries()) {
    const input = shape ?? latentShape(layer, tensors);
    const next = fitLayer(place, layer, input, find);
    const previous = fitted.at(-1);
    if (next.layer.type === 'batchNorm' && previous && canHold(previous)) {
      fitted[fitted.length - 1] = { ...previous, normalisation: next.normalisation, activation: next.activation };
    } else {
      fitted.push(next);
    }
    shape = next.output;
    if (shape.reduce((product, extent) => product * extent, 1) > MOST_VALUES) {
      throw unfit(`Layer ${place + 1} of the recipe makes more values than any picture has.`);
    }
  }
  const left = [...tensors.keys()].filter(
    (name) =>
      !used.has(name) && !name.endsWith('num_batches_tracked') && !ignore.some((prefix) => name.startsWith(prefix)),
  );
  if (left.length > 0) {
    throw unfit(
      `The recipe leaves out ${left.length} tensors, the first "${left[0]}": a network without them would be another one.`,
    );
  }
  return fitted;
}

/** Whether a normalisation that follows can be folded into the layer. */
function canHold({ layer, normalisation, activation }: StackLayer): boolean {
  const linear = layer.type === 'linear' || layer.type === 'conv' || layer.type === 'convTranspose';
  return linear && normalisation === null && activation === undefined;
}

function latentShape(layer: RecipeLayer, tensors: StateDict): Shape {
  const weight = 'weights' in layer ? tensors.get(`${layer.weights}.weight`)?.shape : undefined;
  if (layer.type === 'linear' && weight?.length === 2) return [weight[1]!];
  if (layer.type === 'convTranspose' && weight?.length === 4) return [weight[0]!, 1, 1];
  if (layer.type === 'conv' && weight?.length === 4) return [weight[1]!, 1, 1];
  throw unfit(
    'The first layer of the recipe must take the latent: "linear", "convTranspose" or "conv" with its weights.',
  );
}

function fitLayer(
  place: number,
  layer: RecipeLayer,
  input: Shape,
  find: (layer: number, name: string) => CheckpointTensor | null,
): StackLayer {
  const where = `Layer ${place + 1} of the recipe ("${layer.type}")`;
  const required = (name: string): CheckpointTensor => {
    const tensor = find(place, name);
    if (!tensor) throw unfit(`${where} names the tensor "${name}", which the checkpoint does not hold.`);
    return tensor;
  };
  const { activation } = layer;
  const plain = { layer, input, weight: null, bias: null, normalisation: null, activation };
  const picture = (): readonly [number, number, number] => {
    if (input.length === 3) return input;
    throw unfit(`${where} takes a picture, but what comes to it is a vector of ${input[0]}: reshape it first.`);
  };
  const vectorOf = (tensor: CheckpointTensor | null, length: number): void => {
    if (tensor && (tensor.shape.length !== 1 || tensor.shape[0] !== length)) {
      throw unfit(`${where} has a tensor of shape [${tensor.shape}] where ${length} values are needed.`);
    }
  };

  if (layer.type === 'reshape') {
    const size = input.reduce((product, extent) => product * extent, 1);
    if (layer.shape.reduce((product, extent) => product * extent, 1) !== size) {
      throw unfit(`${where} cannot make [${layer.shape}] of ${size} values.`);
    }
    return { ...plain, output: layer.shape };
  }
  if (layer.type === 'upsample') {
    const [channels, height, width] = picture();
    return { ...plain, output: [channels, height * layer.factor, width * layer.factor] };
  }
  if (layer.type === 'batchNorm') {
    const normalisation = {
      mean: required(`${layer.weights}.running_mean`),
      variance: required(`${layer.weights}.running_var`),
      gain: find(place, `${layer.weights}.weight`),
      bias: find(place, `${layer.weights}.bias`),
      eps: layer.eps,
    };
    const { mean, variance, gain, bias } = normalisation;
    for (const tensor of [mean, variance, gain, bias]) vectorOf(tensor, input[0]);
    return { ...plain, output: input, normalisation };
  }

  const weight = required(`${layer.weights}.weight`);
  const bias = find(place, `${layer.weights}.bias`);
  const [rows = 0, columns = 0, height = 0, width = 0] = weight.shape;
  const [takes, gives] = layer.type === 'convTranspose' ? [rows, columns] : [columns, rows];
  const size = layer.type === 'linear' ? input.reduce((product, extent) => product * extent, 1) : input[0];
  const dimensions = layer.type === 'linear' ? 2 : 4;
  if (weight.shape.length !== dimensions || weight.shape.some((extent) => extent < 1) || takes !== size) {
    throw unfit(`${where} has a weight of shape [${weight.shape}], which does not take the ${size} values before it.`);
  }
  vectorOf(bias, gives);
  if (layer.type === 'linear') return { ...plain, output: [gives], weight, bias };
  const [, inputHeight, inputWidth] = picture();
  const extent = (before: number, kernel: number): number =>
    layer.type === 'convTranspose'
      ? (before - 1) * layer.stride - 2 * layer.padding + kernel + layer.outputPadding
      : Math.floor((before + 2 * layer.padding - kernel) / layer.stride) + 1;
  const output: Shape = [gives, extent(inputHeight, height), extent(inputWidth, width)];
  if (layer.type === 'convTranspose' && layer.outputPadding > 0 && layer.outputPadding >= layer.stride) {
    throw unfit(`${where} has an output padding that is not smaller than its stride.`);
  }
  if (output.some((size) => size < 1)) throw unfit(`${where} leaves nothing of the picture.`);
  return { ...plain, output, weight, bias };
}
