/** Builds modulated convolutions. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import { addDense, LRELU_SLOPE } from '../dense.ts';
import type { Styles } from '../mapping.ts';
import type { Activation, Styled, StyledConv } from './architecture.ts';
import { energies, folded, kernelShape } from './fold.ts';
import type { NoisePlane } from './noise.ts';
import { upConvolved } from './resample.ts';

/** The activation without its gain: all kinds here satisfy gain * f(x) = f(gain * x), so gains go into weights. */
function activated(graph: GraphBuilder, x: Value, { kind, clamp }: Activation): Value {
  let y = x;
  if (kind === 'lrelu') y = graph.op('LeakyRelu', [y], { alpha: { float: LRELU_SLOPE } });
  if (kind === 'relu') y = graph.op('Relu', [y]);
  return clamp === null ? y : graph.op('Clip', [y, graph.scalar(-clamp), graph.scalar(clamp)]);
}

/** [n, channels] as [n, channels, 1, 1]. */
const perChannel = (graph: GraphBuilder, x: Value) => graph.op('Unsqueeze', [x, graph.ints([2, 3])]);

/**
 * A modulated convolution with demodulation, noise, bias and activation (Karras et al. 2020, section 2.2). Instead of
 * weights for every sample, which rule out batches, the input's channels are scaled by the style s and the output's by
 * d[o] = 1 / sqrt(sum over i of s[i]^2 q[i, o] + 1e-8), q[i, o] being the sum of the squared kernel: the same products.
 */
export function addStyledConv(
  graph: GraphBuilder,
  x: Value,
  conv: StyledConv,
  styles: Styles,
  plane: NoisePlane | null,
): Value {
  const { activation } = conv;
  const { gain } = activation;
  const shape = kernelShape(conv.weight);
  const [outputs, inputs, height, width] = shape;
  const weight = folded(conv.weight);
  const style = addDense(graph, styles(conv.index), conv.style, conv.styleGain);
  // The activation's gain: d * gain = 1 / sqrt((s^2 q + 1e-8) / gain^2).
  const energy = graph.weight(energies(weight, shape, gain ** -2), [inputs, outputs]);
  const square = graph.op('Mul', [style, style]);
  const variance = graph.op('Gemm', [square, energy, graph.floats([1e-8 * gain ** -2], [1])]);
  const demodulation = perChannel(graph, graph.op('Reciprocal', [graph.op('Sqrt', [variance])]));
  const demodulated = (y: Value) => graph.op('Mul', [y, demodulation]);
  const modulated = graph.op('Mul', [x, perChannel(graph, style)]);
  const bias = conv.bias.floats().map((value) => value * gain);
  const noise = plane?.values.map((value) => value * gain);

  let y: Value;
  if (conv.up) {
    y = upConvolved(graph, modulated, weight, shape, conv.up, demodulated, graph.weight(bias, [outputs]));
  } else {
    const pads = [Math.floor(height / 2), Math.floor(width / 2), Math.floor(height / 2), Math.floor(width / 2)];
    const kernel = graph.weight(weight, [outputs, inputs, height, width]);
    y = demodulated(graph.op('Conv', [modulated, kernel], { kernel_shape: [height, width], pads }));
    y = graph.op('Add', [y, graph.weight(bias, [1, outputs, 1, 1])]);
  }
  if (plane && noise) y = graph.op('Add', [y, graph.weight(noise, [1, 1, plane.height, plane.width])]);
  return activated(graph, y, activation);
}

/**
 * The 1x1 modulated convolution that makes an image of features. It has so few outputs that weights for every sample
 * cost nothing: a product of matrices.
 */
export function addToRgb(graph: GraphBuilder, x: Value, layer: Styled, resolution: number, styles: Styles): Value {
  const [channels, inputs] = kernelShape(layer.weight);
  const { activation } = layer;
  const style = addDense(graph, styles(layer.index), layer.style, layer.styleGain * activation.gain);
  const weight = graph.weight(folded(layer.weight), [1, channels, inputs]);
  const kernels = graph.op('Mul', [weight, graph.op('Unsqueeze', [style, graph.ints([1])])]);
  const rows = graph.op('Reshape', [x, graph.ints([0, inputs, resolution * resolution])]);
  const product = graph.op('MatMul', [kernels, rows]);
  const image = graph.op('Reshape', [product, graph.ints([0, channels, resolution, resolution])]);
  const bias = layer.bias.floats().map((value) => value * activation.gain);
  return activated(graph, graph.op('Add', [image, graph.weight(bias, [1, channels, 1, 1])]), activation);
}
