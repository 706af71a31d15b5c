/** Builds the resampling of images. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { Filter } from './architecture.ts';
import { folded, type KernelShape, transposed } from './fold.ts';

interface Plane {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** The filter as a plane, times the 4 that makes up for the zeros of an image doubled in both directions. */
function plane(filter: Filter): Plane {
  const { shape } = filter.tensor;
  if (shape.length === 2) return { height: shape[0]!, width: shape[1]!, values: folded(filter, 4) };
  const line = folded(filter);
  const { length } = line;
  const values = new Float32Array(length * length);
  for (let i = 0; i < values.length; i++) values[i] = line[Math.floor(i / length)]! * line[i % length]! * 4;
  return { height: length, width: length, values };
}

/** The same kernel for each of `channels`. */
function depthwise(graph: GraphBuilder, { height, width, values }: Plane, channels: number): Value {
  const kernels = new Float32Array(values.length * channels);
  for (let c = 0; c < channels; c++) kernels.set(values, c * values.length);
  return graph.weight(kernels, [channels, 1, height, width]);
}

/**
 * Doubles height and width: zeros between the pixels, then a convolution with the filter (upfirdn2d of
 * github.com/NVlabs/stylegan2), together a transposed convolution of each channel. Of its result upfirdn2d keeps what
 * begins floor((taps + 1) / 2) places before the first pixel and is twice as large as the image.
 */
export function doubled(graph: GraphBuilder, x: Value, filter: Filter, channels: number): Value {
  const taps = plane(filter);
  const begin = (length: number) => length - 1 - Math.floor((length + 1) / 2);
  const end = (length: number) => length - 2 - begin(length);
  const { height, width } = taps;
  return graph.op('ConvTranspose', [x, depthwise(graph, taps, channels)], {
    kernel_shape: [height, width],
    strides: [2, 2],
    pads: [begin(height), begin(width), end(height), end(width)],
    group: channels,
  });
}

/**
 * The convolution of a doubled image: zeros between the pixels and a convolution with the kernel, together a transposed
 * convolution; then the filter on each channel. upfirdn2d pads by floor((taps + 1) / 2) - floor(kernel / 2) before and
 * floor(taps / 2) - floor(kernel / 2) after, which makes the result twice as large for every odd kernel. `between` is
 * applied to what the filter has not yet smoothed.
 */
export function upConvolved(
  graph: GraphBuilder,
  x: Value,
  weight: Float32Array,
  shape: KernelShape,
  filter: Filter,
  between: (x: Value) => Value,
  bias: Value,
): Value {
  const [outputs, inputs, kernelHeight, kernelWidth] = shape;
  const taps = plane(filter);
  const begin = (length: number, kernel: number) => Math.floor((length + 1) / 2) - Math.floor(kernel / 2);
  const end = (length: number, kernel: number) => Math.floor(length / 2) - Math.floor(kernel / 2);
  const pads = [
    begin(taps.height, kernelHeight),
    begin(taps.width, kernelWidth),
    end(taps.height, kernelHeight),
    end(taps.width, kernelWidth),
  ];
  const kernel = graph.weight(transposed(weight, shape), [inputs, outputs, kernelHeight, kernelWidth]);
  const spread = graph.op('ConvTranspose', [x, kernel], {
    kernel_shape: [kernelHeight, kernelWidth],
    strides: [2, 2],
    // Fewer than none: rows that the filter never sees.
    pads: pads.map((pad) => Math.max(-pad, 0)),
  });
  // ONNX's Conv correlates, where the filter is that of a convolution.
  const flipped = { ...taps, values: taps.values.toReversed() };
  return graph.op('Conv', [between(spread), depthwise(graph, flipped, outputs), bias], {
    kernel_shape: [taps.height, taps.width],
    pads: pads.map((pad) => Math.max(pad, 0)),
    group: outputs,
  });
}
