/** Reads and builds the fully connected layers of the StyleGAN networks. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import type { CheckpointTensor } from '../formats/tensor.ts';
import type { ModuleReader } from './module-reader.ts';

/** A fully connected layer with equalised learning rate (Karras et al. 2018, section 4.1): gains apply as it runs. */
export interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: CheckpointTensor;
  readonly bias: CheckpointTensor | null;
  readonly weightGain: number;
  readonly biasGain: number;
  readonly activation: 'linear' | 'lrelu';
}

/** Reads a FullyConnectedLayer of the NVlabs networks. */
export function denseOf(record: ModuleReader, inputs?: number, outputs?: number): Dense {
  const { parameters, buffers } = record.record;
  const weight = record.weight('weight');
  const [rows = 0, columns = 0] = weight.shape;
  const shape = [outputs ?? rows, inputs ?? columns] as const;
  record.weight('weight', shape);
  return {
    outputs: shape[0],
    inputs: shape[1],
    weight,
    bias: parameters.has('bias') || buffers.has('bias') ? record.weight('bias', [shape[0]]) : null,
    weightGain: record.number('weight_gain'),
    biasGain: record.number('bias_gain'),
    activation: record.oneOf('activation', ['linear', 'lrelu'] as const),
  };
}

/** Slope of leaky ReLU left of zero in the StyleGAN networks, and the gain that keeps the magnitude of its input. */
export const LRELU_SLOPE = 0.2;
export const LRELU_GAIN = Math.SQRT2;

/**
 * Adds the layer to a graph, x f32 [n, inputs] -> f32 [n, outputs] times `gain`. Every gain is folded into the weights;
 * that of the activation too, as leaky ReLU commutes with positive factors.
 */
export function addDense(graph: GraphBuilder, x: Value, dense: Dense, gain = 1): Value {
  const lrelu = dense.activation === 'lrelu';
  const total = gain * (lrelu ? LRELU_GAIN : 1);
  const weight = dense.weight.floats();
  scale(weight, total * dense.weightGain);
  const inputs = [x, graph.weight(weight, [dense.outputs, dense.inputs])];
  if (dense.bias) {
    const bias = dense.bias.floats();
    scale(bias, total * dense.biasGain);
    inputs.push(graph.weight(bias, [dense.outputs]));
  }
  const y = graph.op('Gemm', inputs, { transB: 1 });
  return lrelu ? graph.op('LeakyRelu', [y], { alpha: { float: LRELU_SLOPE } }) : y;
}

function scale(data: Float32Array, gain: number): void {
  for (let i = 0; i < data.length; i++) data[i] = data[i]! * gain;
}
