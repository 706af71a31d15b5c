/** Reads and builds the Fourier features of StyleGAN3. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { CheckpointTensor } from '../../formats/tensor.ts';
import { addDense, type Dense, denseOf } from '../dense.ts';
import type { ModuleReader } from '../module-reader.ts';
import { type Size, sizeOf } from './size.ts';

/** Fourier features in place of a learned constant (Karras et al. 2021, section 3.2, and Implementation details). */
export interface FourierInput {
  readonly channels: number;
  readonly size: Size;
  readonly samplingRate: number;
  readonly bandwidth: number;
  /** Rotation and translation, from w. */
  readonly affine: Dense;
  /** What the user of the network sets, in homogeneous coordinates, [3, 3]. */
  readonly transform: CheckpointTensor;
  /** [channels, 2]. */
  readonly frequencies: CheckpointTensor;
  /** [channels], in turns. */
  readonly phases: CheckpointTensor;
  /** [channels, channels]. */
  readonly mix: CheckpointTensor;
}

/** Reads a SynthesisInput. */
export function fourierInputOf(record: ModuleReader, styleSize: number): FourierInput {
  const channels = record.whole('channels', 1, 65536);
  const samplingRate = record.number('sampling_rate');
  const bandwidth = record.number('bandwidth');
  if (!(samplingRate > 0)) throw record.refused('sampling_rate', 'a positive number');
  if (!(bandwidth < samplingRate / 2)) throw record.refused('bandwidth', 'less than half of the sampling rate');
  return {
    channels,
    size: sizeOf(record, 'size'),
    samplingRate,
    bandwidth,
    affine: denseOf(record.child('affine'), styleSize, 4),
    transform: record.buffer('transform', [3, 3]),
    frequencies: record.buffer('freqs', [channels, 2]),
    phases: record.buffer('phases', [channels]),
    mix: record.parameter('weight', [channels, channels]),
  };
}

/** Adds it to a graph: w f32 [n, styleSize] -> f32 [n, channels, height, width]. */
export function addFourierInput(graph: GraphBuilder, w: Value, input: FourierInput): Value {
  const { channels, size, samplingRate, bandwidth } = input;
  const [width, height] = size;

  // t = (cosine, sine, x, y), the first two not yet of length one; a part of t is multiplied out by a constant matrix.
  const t = addDense(graph, w, input.affine);
  const length = graph.op('ReduceL2', [graph.op('Slice', [t, graph.ints([0]), graph.ints([2]), graph.ints([1])])], {
    axes: [1],
  });
  const unit = graph.op('Div', [t, length]);
  const toRotation = graph.floats([1, 0, 0, 1, 0, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [4, 4]);
  const toShift = graph.floats([0, 0, 0, 0, -1, 0, 0, -1], [4, 2]);
  // [[cosine, -sine], [sine, cosine]], then the shift by (-x, -y) before it.
  const rotation = graph.op('Reshape', [graph.op('MatMul', [unit, toRotation]), graph.ints([-1, 2, 2])]);
  const shift = graph.op('Reshape', [graph.op('MatMul', [unit, toShift]), graph.ints([-1, 2, 1])]);
  const motion = graph.op('Concat', [rotation, graph.op('MatMul', [rotation, shift])], { axis: 2 });
  const transform = graph.op('MatMul', [motion, graph.weight(input.transform.floats(), [3, 3])]);

  // Of each channel: frequencies along x and y, and phase.
  const moved = graph.op('MatMul', [graph.weight(input.frequencies.floats(), [channels, 2]), transform]);
  const phases = new Float32Array(channels * 3);
  input.phases.floats().forEach((phase, c) => {
    phases[c * 3 + 2] = phase;
  });
  const waves = graph.op('Add', [moved, graph.weight(phases, [channels, 3])]);

  // What turned or scaled out of the band is faded out.
  const frequencies = graph.op('Slice', [waves, graph.ints([0]), graph.ints([2]), graph.ints([2])]);
  const radius = graph.op('ReduceL2', [frequencies], { axes: [2] });
  const fading = graph.op('Mul', [
    graph.op('Sub', [radius, graph.scalar(bandwidth)]),
    graph.scalar(1 / (samplingRate / 2 - bandwidth)),
  ]);
  const amplitude = graph.op('Clip', [graph.op('Sub', [graph.scalar(1), fading]), graph.scalar(0), graph.scalar(1)]);

  const grid = graph.weight(samplingGrid(size, samplingRate), [3, width * height]);
  const turns = graph.op('MatMul', [waves, grid]);
  const sines = graph.op('Sin', [graph.op('Mul', [turns, graph.scalar(2 * Math.PI)])]);
  const mix = input.mix.floats().map((value) => value / Math.sqrt(channels));
  const mixed = graph.op('MatMul', [graph.weight(mix, [channels, channels]), graph.op('Mul', [sines, amplitude])]);
  return graph.op('Reshape', [mixed, graph.ints([0, channels, height, width])]);
}

/** x, y and 1 of each sample, row by row; the picture's centre is the origin, its unit 1 / sampling rate. */
function samplingGrid([width, height]: Size, samplingRate: number): Float32Array {
  const grid = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      grid[i] = (x + 0.5 - width / 2) / samplingRate;
      grid[width * height + i] = (y + 0.5 - height / 2) / samplingRate;
      grid[2 * width * height + i] = 1;
    }
  }
  return grid;
}
