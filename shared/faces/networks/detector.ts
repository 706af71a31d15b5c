/** Builds the face detector. */
import { GraphBuilder, type Value } from '../../onnx/graph.ts';
import { Layers } from './layers.ts';
import { loadWeights } from './weights.ts';

/** Anchor widths and heights in cells of the grid. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;

/** Pixels of the canvas per cell of the grid. */
const CELL = 32;
const VALUES = 5;

/**
 * The tiny YOLOv2 face detector: `canvas` f32 [n,3,s,s], RGB 0..255, s a multiple of 32 -> `grid` f32 [n,s/32,s/32,25],
 * raw logits of 5 anchors x (x, y, width, height, score).
 */
export async function detectorGraph(): Promise<Uint8Array> {
  const graph = new GraphBuilder('face-detector');
  const layers = new Layers(graph, await loadWeights('tiny_face_detector'));
  const activate = (x: Value) => graph.op('LeakyRelu', [x], { alpha: { float: 0.1 } });
  const halve = (x: Value) => graph.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 });

  let x = layers.normalised(graph.input('canvas', 'float32', ['n', 3, 's', 's']), [117.001, 114.697, 97.404]);
  x = activate(
    layers.convolution(x, layers.weight('conv0/filters'), layers.weight('conv0/bias').data, 1, [0, 0, 0, 0]),
  );
  for (const name of ['conv1', 'conv2', 'conv3', 'conv4', 'conv5']) {
    x = activate(layers.separable(halve(x), name, 1, [1, 1, 1, 1]));
  }
  // The last pool keeps the size: stride 1, padded at the bottom and the right.
  x = graph.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [1, 1], pads: [0, 0, 1, 1] });
  x = layers.convolution(x, layers.weight('conv8/filters'), layers.weight('conv8/bias').data, 1, [0, 0, 0, 0]);
  graph.output('grid', graph.op('Transpose', [x], { perm: [0, 2, 3, 1] }), 'float32', ['n', 'c', 'c', 25]);
  return graph.model();
}

/** A face box as fractions of the canvas side, with its score in 0..1. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly score: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * The best-scoring box of image `index` of a `grid` output with `cells` x `cells` cells. Every image has one: how good
 * it is says `score`, and only a calibrated threshold on it means anything.
 */
export function bestBox(grid: Float32Array, cells: number, index: number): Box {
  const start = index * cells * cells * ANCHORS.length * VALUES;
  let best = 0;
  for (let i = 1; i < cells * cells * ANCHORS.length; i++) {
    if (grid[start + i * VALUES + 4]! > grid[start + best * VALUES + 4]!) best = i;
  }
  const at = start + best * VALUES;
  const cell = Math.floor(best / ANCHORS.length);
  const [anchorWidth, anchorHeight] = ANCHORS[best % ANCHORS.length]!;
  const centreX = ((cell % cells) + sigmoid(grid[at]!)) / cells;
  const centreY = (Math.floor(cell / cells) + sigmoid(grid[at + 1]!)) / cells;
  const width = (Math.exp(grid[at + 2]!) * anchorWidth) / cells;
  const height = (Math.exp(grid[at + 3]!) * anchorHeight) / cells;
  return { x: centreX - width / 2, y: centreY - height / 2, width, height, score: sigmoid(grid[at + 4]!) };
}

/** Cells of the detector's grid along one side of a canvas of `side` pixels. */
export function gridCells(side: number): number {
  return Math.ceil(side / CELL);
}
