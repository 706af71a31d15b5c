/** Makes a network of layers that follow one another. */
import { RewoundError } from '../../../errors.ts';
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { GeneratorNetwork } from '../../formats/generator-network.ts';
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import type { Assumption } from '../../spec/generator.ts';
import type { Activation, Recipe } from '../../spec/recipe.ts';
import { damaged } from '../module-reader.ts';
import { fitLayers, type Normalisation, type StackLayer } from './shapes.ts';

/** What is to be said of a network besides its layers. */
export interface StackAbout {
  readonly family: string;
  readonly assumptions: readonly Assumption[];
}

/** A network whose layers follow one another. Throws CARD_INVALID where the recipe does not fit the tensors. */
export function stackNetwork(recipe: Recipe, tensors: StateDict, about: StackAbout): GeneratorNetwork {
  const layers = fitLayers(recipe, tensors);
  const output = layers.at(-1)!.output;
  const [channels, height, width] = output;
  if (width === undefined || height !== width || (channels !== 1 && channels !== 3)) {
    throw new RewoundError('CARD_INVALID', `The network's last layer gives [${output}], which is no square picture.`, {
      help: 'Correct the recipe: a picture has one or three channels; docs/checkpoints.md describes it.',
    });
  }
  const last = layers.at(-1)!.activation;
  const range = recipe.range ?? rangeOf(last);
  if (!range) {
    throw new RewoundError('CARD_INVALID', 'The recipe does not say which values are black and white.', {
      help: 'Say it with "range" in the recipe, or end the last layer in "tanh" or "sigmoid" if the network does.',
    });
  }
  const source = recipe.range ? 'recipe beside the checkpoint' : `the last layer ends in ${last}`;
  const value = `${range[0]} is black, ${range[1]} is white`;
  return {
    family: about.family,
    assumptions: [...about.assumptions, { what: 'image range', value, source }],
    resolution: width,
    channels,
    latentSize: layers[0]!.input[0],
    classes: 0,
    latent: recipe.latent,
    hasPsi: false,
    range: [range[0], range[1]],
    parameters: layers.reduce((sum, layer) => sum + trained(layer), 0),
    build: (graph, { z }) => layers.reduce((value, layer, i) => addLayer(graph, value, layer, i === 0), z),
  };
}

/** What the network's last activation can give. */
function rangeOf(activation: Activation | undefined): readonly [number, number] | undefined {
  if (activation === 'tanh') return [-1, 1];
  return activation === 'sigmoid' ? [0, 1] : undefined;
}

function trained({ weight, bias, normalisation }: StackLayer): number {
  const size = (tensor: CheckpointTensor | null) => tensor?.shape.reduce((product, extent) => product * extent, 1) ?? 0;
  return size(weight) + size(bias) + size(normalisation?.gain ?? null) + size(normalisation?.bias ?? null);
}

function addLayer(graph: GraphBuilder, x: Value, { activation, ...layer }: StackLayer, isFirst: boolean): Value {
  const y = addOperation(graph, x, layer, isFirst);
  return activation === undefined ? y : addActivation(graph, y, activation);
}

type Operation = Omit<StackLayer, 'activation'>;

function addOperation(graph: GraphBuilder, x: Value, operation: Operation, isFirst: boolean): Value {
  const { layer, input, normalisation } = operation;
  if (layer.type === 'reshape') return graph.op('Reshape', [x, graph.ints([-1, ...layer.shape])]);
  if (layer.type === 'upsample') {
    const scales = graph.floats([1, 1, layer.factor, layer.factor], [4]);
    const attributes =
      layer.mode === 'nearest'
        ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
    return graph.op('Resize', [x, '', scales], attributes);
  }
  if (layer.type === 'batchNorm') {
    const { gain, shift } = affineOf(normalisation!, layer.weights);
    const dims = input.length === 1 ? [input[0]] : [input[0], 1, 1];
    const scaled = graph.op('Mul', [x, graph.weight(Float32Array.from(gain), dims)]);
    return graph.op('Add', [scaled, graph.weight(Float32Array.from(shift), dims)]);
  }

  const { weight, bias } = weightsOf(operation, layer.weights, layer.type === 'convTranspose');
  const tensors = [graph.weight(weight, operation.weight!.shape)];
  if (bias) tensors.push(graph.weight(bias, [bias.length]));
  if (layer.type === 'linear') {
    const flat = input.length === 1 ? x : graph.op('Flatten', [x], { axis: 1 });
    return graph.op('Gemm', [flat, ...tensors], { transB: 1 });
  }
  // A latent is a vector; the first layer of a convolutional network takes it as a picture of one pixel.
  const picture = isFirst ? graph.op('Reshape', [x, graph.ints([-1, ...input])]) : x;
  const { stride, padding } = layer;
  const attributes = {
    kernel_shape: operation.weight!.shape.slice(2),
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
  };
  if (layer.type === 'conv') return graph.op('Conv', [picture, ...tensors], attributes);
  const { outputPadding } = layer;
  return graph.op('ConvTranspose', [picture, ...tensors], {
    ...attributes,
    output_padding: [outputPadding, outputPadding],
  });
}

function addActivation(graph: GraphBuilder, x: Value, activation: Activation): Value {
  if (activation === 'relu') return graph.op('Relu', [x]);
  if (activation === 'tanh') return graph.op('Tanh', [x]);
  if (activation === 'sigmoid') return graph.op('Sigmoid', [x]);
  return graph.op('LeakyRelu', [x], { alpha: { float: activation.leakyRelu } });
}

/** y = gain x + shift: what batch normalisation is once its statistics are known. */
function affineOf(normalisation: Normalisation, name: string): { gain: Float64Array; shift: Float64Array } {
  const mean = normalisation.mean.floats();
  const variance = normalisation.variance.floats();
  if (variance.some((value) => value < 0)) throw damaged(`The variance in "${name}" is negative.`);
  const weight = normalisation.gain?.floats();
  const bias = normalisation.bias?.floats();
  const gain = Float64Array.from(variance, (value, i) => (weight?.[i] ?? 1) / Math.sqrt(value + normalisation.eps));
  const shift = Float64Array.from(gain, (value, i) => (bias?.[i] ?? 0) - mean[i]! * value);
  return { gain, shift };
}

/** A layer's weight and bias, with the normalisation after it folded into them, in double precision. */
function weightsOf(
  { weight: stored, bias: storedBias, normalisation }: Operation,
  name: string,
  transposed: boolean,
): { weight: Float32Array; bias: Float32Array | undefined } {
  const weight = stored!.floats();
  const bias = storedBias?.floats();
  if (!normalisation) return { weight, bias };
  const { gain, shift } = affineOf(normalisation, name);
  const [rows = 1, columns = 1] = stored!.shape;
  const outputs = transposed ? columns : rows;
  // Values from one output to the next: a transposed convolution's weight is [in, out, height, width].
  const run = weight.length / (transposed ? rows * columns : rows);
  for (let i = 0; i < weight.length; i++) weight[i] = weight[i]! * gain[Math.floor(i / run) % outputs]!;
  return { weight, bias: Float32Array.from(shift, (value, i) => value + (bias?.[i] ?? 0) * gain[i]!) };
}
