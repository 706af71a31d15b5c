/** Reads and builds one synthesis layer of StyleGAN3. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { CheckpointTensor } from '../../formats/tensor.ts';
import { addDense, type Dense, denseOf, LRELU_GAIN, LRELU_SLOPE } from '../dense.ts';
import { damaged, type ModuleReader } from '../module-reader.ts';
import { addFilteredLrelu, type Filter, type FilteredLrelu, filteredSize } from './filtered-lrelu.ts';
import { type Size, sizeOf } from './size.ts';

/** A layer of the synthesis network (Karras et al. 2021, figure 4b): modulated convolution, then filtered leaky ReLU. */
export interface SynthesisLayer {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly inSize: Size;
  readonly outSize: Size;
  /** Side of the convolution's kernel. */
  readonly kernel: number;
  /** Whether it is the last: without demodulation and without a nonlinearity. */
  readonly toRgb: boolean;
  readonly affine: Dense;
  readonly weight: CheckpointTensor;
  readonly bias: CheckpointTensor;
  /** Moving average of the squared magnitude of its input. */
  readonly magnitude: CheckpointTensor;
  readonly lrelu: FilteredLrelu;
  readonly halfPrecision: boolean;
}

/** Channels at a time of the runtime's fast depthwise convolution; any other number takes six times as long (measured). */
const LANES = 16;

/** Reads a SynthesisLayer. */
export function synthesisLayerOf(record: ModuleReader, styleSize: number): SynthesisLayer {
  const inChannels = record.whole('in_channels', 1, 65536);
  const outChannels = record.whole('out_channels', 1, 65536);
  const kernel = record.oneOf('conv_kernel', [1, 3]);
  const toRgb = record.flag('is_torgb');
  const inSize = sizeOf(record, 'in_size');
  const outSize = sizeOf(record, 'out_size');
  // The convolution is padded by all of its kernel but one, so that nothing at the border is lost.
  const convolved = [inSize[0] + kernel - 1, inSize[1] + kernel - 1] as const;
  const radial = record.flag('down_radial');
  const lrelu: FilteredLrelu = {
    // Channels of zeros fill up the lanes; they end with the layer.
    channels: radial ? Math.ceil(outChannels / LANES) * LANES : outChannels,
    inSize: convolved,
    up: record.whole('up_factor', 1, 8),
    upFilter: filterOf(record, 'up', false),
    down: record.whole('down_factor', 1, 8),
    downFilter: filterOf(record, 'down', radial),
    padding: paddingOf(record),
    gain: toRgb ? 1 : LRELU_GAIN,
    slope: toRgb ? 1 : LRELU_SLOPE,
    clamp: clampOf(record),
  };
  const given = filteredSize(lrelu);
  if (given[0] !== outSize[0] || given[1] !== outSize[1]) {
    throw damaged(
      `The layer "${record.path}" gives ${given.join(' x ')} pixels, not ${outSize.join(' x ')} as it says.`,
    );
  }
  return {
    inChannels,
    outChannels,
    inSize,
    outSize,
    kernel,
    toRgb,
    affine: denseOf(record.child('affine'), styleSize, inChannels),
    weight: record.parameter('weight', [outChannels, inChannels, kernel, kernel]),
    bias: record.parameter('bias', [outChannels]),
    magnitude: record.buffer('magnitude_ema', []),
    lrelu,
    halfPrecision: record.flag('use_fp16'),
  };
}

function filterOf(record: ModuleReader, which: 'up' | 'down', radial: boolean): Filter {
  const taps = record.whole(`${which}_taps`, 1, 128);
  // A filter of one tap is not kept.
  if (taps === 1 && !record.record.buffers.has(`${which}_filter`)) return { taps, radial: false, tensor: null };
  return { taps, radial, tensor: record.buffer(`${which}_filter`, radial ? [taps, taps] : [taps]) };
}

function paddingOf(record: ModuleReader): FilteredLrelu['padding'] {
  const [left = 0, right = 0, top = 0, bottom = 0] = record.numbers('padding', 4);
  for (const pad of [left, right, top, bottom]) {
    if (!Number.isInteger(pad) || Math.abs(pad) > 1024) throw record.refused('padding', 'whole numbers up to 1024');
  }
  return [left, right, top, bottom];
}

function clampOf(record: ModuleReader): number | null {
  if (record.record.attributes.get('conv_clamp') === null) return null;
  const clamp = record.number('conv_clamp');
  if (clamp <= 0) throw record.refused('conv_clamp', 'a positive number or none');
  return clamp;
}

/** Adds it to a graph: x f32 [n, inChannels, ...inSize] and w f32 [n, styleSize] -> f32 [n, outChannels, ...outSize]. */
export function addSynthesisLayer(graph: GraphBuilder, x: Value, w: Value, layer: SynthesisLayer): Value {
  const { outChannels, lrelu } = layer;
  const convolved = layer.toRgb ? modulated(graph, x, w, layer) : demodulated(graph, x, w, layer);
  const bias = graph.weight(lengthened(layer.bias.floats(), lrelu.channels), [lrelu.channels, 1, 1]);
  const y = addFilteredLrelu(graph, graph.op('Add', [convolved, bias]), lrelu);
  if (lrelu.channels === outChannels) return y;
  return graph.op('Slice', [y, graph.ints([0]), graph.ints([outChannels]), graph.ints([1])]);
}

function modulated(graph: GraphBuilder, x: Value, w: Value, layer: SynthesisLayer): Value {
  const { inChannels, kernel } = layer;
  const styles = addDense(graph, w, layer.affine, 1 / Math.sqrt(inChannels * kernel ** 2));
  return convolution(graph, x, styles, layer, layer.weight.floats());
}

/**
 * Modulated convolution with shared weights: as a style scales an input channel, and demodulation an output channel,
 * both can be done to the images instead (Karras et al. 2020, section 2.2). Kernels have unit magnitude beforehand
 * (Karras et al. 2021, Implementation details), and so have styles: the original's over the batch. Demodulation undoes any common
 * factor, so that of the sample alone serves as well, and an image does not depend on its neighbours.
 */
function demodulated(graph: GraphBuilder, x: Value, w: Value, layer: SynthesisLayer): Value {
  const { inChannels, outChannels, kernel, lrelu } = layer;
  const weight = layer.weight.floats();
  const fan = inChannels * kernel ** 2;
  for (let o = 0; o < outChannels; o++) normalise(weight.subarray(o * fan, (o + 1) * fan));
  const raw = addDense(graph, w, layer.affine);
  const magnitude = graph.op('Sqrt', [graph.op('ReduceMean', [graph.op('Mul', [raw, raw])], { axes: [1] })]);
  const styles = graph.op('Div', [raw, magnitude]);
  const energy = graph.weight(energies(weight, layer), [inChannels, lrelu.channels]);
  const total = graph.op('MatMul', [graph.op('Mul', [styles, styles]), energy]);
  const factor = graph.op('Reciprocal', [graph.op('Sqrt', [graph.op('Add', [total, graph.scalar(1e-8)])])]);
  return graph.op('Mul', [convolution(graph, x, styles, layer, weight), perChannel(graph, factor)]);
}

/** Divides by the root of the mean square. */
function normalise(values: Float32Array): void {
  let squares = 0;
  for (const value of values) squares += value * value;
  const norm = Math.sqrt(squares / values.length);
  for (let i = 0; i < values.length; i++) values[i] = values[i]! / norm;
}

/** Sum of squares of the kernel from each input channel to each output channel, [inChannels, lrelu.channels]. */
function energies(weight: Float32Array, { inChannels, outChannels, kernel, lrelu }: SynthesisLayer): Float32Array {
  const area = kernel ** 2;
  const result = new Float32Array(inChannels * lrelu.channels);
  for (let o = 0; o < outChannels; o++) {
    for (let i = 0; i < inChannels; i++) {
      let sum = 0;
      const begin = (o * inChannels + i) * area;
      for (let k = begin; k < begin + area; k++) sum += weight[k]! ** 2;
      result[i * lrelu.channels + o] = sum;
    }
  }
  return result;
}

/** Convolution of x times styles; magnitude_ema brings x to unit magnitude, by way of the weights. */
function convolution(graph: GraphBuilder, x: Value, styles: Value, layer: SynthesisLayer, weight: Float32Array): Value {
  const { inChannels, kernel, lrelu } = layer;
  const [magnitude = 0] = layer.magnitude.floats();
  if (!(magnitude > 0)) throw damaged(`A layer's "magnitude_ema" is ${magnitude}, which no input has.`);
  const gain = 1 / Math.sqrt(magnitude);
  for (let i = 0; i < weight.length; i++) weight[i] = weight[i]! * gain;
  const dims = [lrelu.channels, inChannels, kernel, kernel] as const;
  const kernels = graph.weight(lengthened(weight, lrelu.channels * inChannels * kernel ** 2), dims);
  const pad = kernel - 1;
  const scaled = graph.op('Mul', [x, perChannel(graph, styles)]);
  return graph.op('Conv', [scaled, kernels], { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad] });
}

/** The same values, then zeros. */
function lengthened(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const result = new Float32Array(length);
  result.set(values);
  return result;
}

/** f32 [n, channels] as [n, channels, 1, 1]. */
function perChannel(graph: GraphBuilder, x: Value): Value {
  return graph.op('Unsqueeze', [x, graph.ints([2, 3])]);
}
