/** Builds the filtered nonlinearity of StyleGAN3. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { CheckpointTensor } from '../../formats/tensor.ts';
import { alongAxis } from './along-axis.ts';
import { resampledSize, resamplingMatrix } from './fir.ts';
import type { Size } from './size.ts';

/** A filter: `taps` values, or taps x taps where it is radial. */
export interface Filter {
  readonly taps: number;
  readonly radial: boolean;
  /** Null where nothing is filtered: one tap, which is 1. */
  readonly tensor: CheckpointTensor | null;
}

/** A nonlinearity at a higher sampling rate, so that it makes no aliases (Karras et al. 2021, section 3.2). */
export interface FilteredLrelu {
  readonly channels: number;
  readonly inSize: Size;
  readonly up: number;
  readonly upFilter: Filter;
  readonly down: number;
  readonly downFilter: Filter;
  /** Left, right, top, bottom; of the samples with zeros between them. */
  readonly padding: readonly [number, number, number, number];
  readonly gain: number;
  readonly slope: number;
  readonly clamp: number | null;
}

/** Adds it to a graph: x f32 [n, channels, height, width] -> the same at the size of the next layer. */
export function addFilteredLrelu(graph: GraphBuilder, x: Value, spec: FilteredLrelu): Value {
  const { channels, inSize, up, upFilter, down, downFilter, padding, gain, slope, clamp } = spec;
  const axis = (i: 0 | 1) => {
    const pad = [padding[2 * i]!, padding[2 * i + 1]!] as const;
    return { from: inSize[i], up, pad, down: 1 };
  };
  // The gain commutes with leaky ReLU, so the first filter has it. Along each axis it also makes up for the zeros.
  const filter = valuesOf(upFilter);
  const columns = resamplingMatrix(axis(0), filter, up * Math.sqrt(gain));
  const rows = resamplingMatrix(axis(1), filter, up * Math.sqrt(gain));
  let y = alongAxis(graph, alongAxis(graph, x, rows, 2), columns, 3);
  if (slope !== 1) y = graph.op('LeakyRelu', [y], { alpha: { float: slope } });
  if (clamp !== null) y = graph.op('Clip', [y, graph.scalar(-clamp), graph.scalar(clamp)]);

  const size: Size = [columns.to, rows.to];
  if (downFilter.radial) return radiallyFiltered(graph, y, downFilter, channels, down);
  const thinned = (i: 0 | 1) => resamplingMatrix({ from: size[i], up: 1, pad: [0, 0], down }, valuesOf(downFilter));
  return alongAxis(graph, alongAxis(graph, y, thinned(0), 3), thinned(1), 2);
}

/** Width and height of what it gives. */
export function filteredSize(spec: FilteredLrelu): Size {
  const along = (i: 0 | 1): number => {
    const pad = [spec.padding[2 * i]!, spec.padding[2 * i + 1]!] as const;
    const between = resampledSize({ from: spec.inSize[i], up: spec.up, pad, down: 1 }, spec.upFilter.taps);
    return resampledSize({ from: between, up: 1, pad: [0, 0], down: spec.down }, spec.downFilter.taps);
  };
  return [along(0), along(1)];
}

function valuesOf({ tensor }: Filter): Float32Array {
  return tensor?.floats() ?? Float32Array.of(1);
}

/** Config R's filters have no axes: a depthwise convolution, whose kernel is the filter turned around. */
function radiallyFiltered(graph: GraphBuilder, x: Value, filter: Filter, channels: number, down: number): Value {
  const { taps } = filter;
  const turned = valuesOf(filter).toReversed();
  const kernel = new Float32Array(channels * turned.length);
  for (let c = 0; c < channels; c++) kernel.set(turned, c * turned.length);
  return graph.op('Conv', [x, graph.weight(kernel, [channels, 1, taps, taps])], {
    kernel_shape: [taps, taps],
    strides: [down, down],
    group: channels,
  });
}
