/** Builds the landmark network. */
import { GraphBuilder, type Value } from '../../onnx/graph.ts';
import { Layers } from './layers.ts';
import { loadWeights } from './weights.ts';

/** Side of the square face crop the landmark network reads, in pixels. */
export const LANDMARK_SIDE = 112;

/** Image-left eye, image-right eye, nose, image-left and image-right mouth corner: x0, y0, x1, y1, ... */
export type FivePoints = Float64Array;

/**
 * Adds the 68-landmark network to `graph`: crops f32 [n,3,112,112], RGB 0..255 -> f32 [n,136], x and y of each point as
 * fractions of the crop.
 */
export async function addLandmarks(graph: GraphBuilder, crops: Value): Promise<Value> {
  const layers = new Layers(graph, await loadWeights('face_landmark_68'));
  let x = layers.normalised(crops, [122.782, 117.001, 104.298]);
  for (const block of [0, 1, 2, 3]) {
    const name = (conv: number) => `dense${block}/conv${conv}`;
    // The first convolution halves the size; being even, it is padded at the bottom and the right only.
    let first: Value;
    if (block === 0) {
      const kernel = layers.weight(`${name(0)}/filters`);
      first = layers.convolution(x, kernel, layers.weight(`${name(0)}/bias`).data, 2, [0, 0, 1, 1]);
    } else {
      first = layers.separable(x, name(0), 2, [0, 0, 1, 1]);
    }
    let sum = graph.op('Relu', [first]);
    for (const conv of [1, 2, 3]) {
      const input = conv === 1 ? sum : graph.op('Relu', [sum]);
      sum = graph.op('Add', [sum, layers.separable(input, name(conv), 1, [1, 1, 1, 1])]);
    }
    x = graph.op('Relu', [sum]);
  }
  const pooled = graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]);
  const weights = layers.weight('fc/weights');
  return graph.op('Gemm', [
    pooled,
    graph.weight(weights.data, weights.shape),
    graph.weight(layers.weight('fc/bias').data, [136]),
  ]);
}

/**
 * The landmark network by itself: `crops` -> `points`.
 * @internal
 */
export async function landmarkGraph(): Promise<Uint8Array> {
  const graph = new GraphBuilder('face-landmarks');
  const crops = graph.input('crops', 'float32', ['n', 3, LANDMARK_SIDE, LANDMARK_SIDE]);
  graph.output('points', await addLandmarks(graph, crops), 'float32', ['n', 136]);
  return graph.model();
}

/** The five alignment points of face `index` from the network's 68, as fractions of the crop. */
export function fivePoints(points: Float32Array, index: number): FivePoints {
  const mean = (first: number, last: number, axis: number) => {
    let sum = 0;
    for (let p = first; p <= last; p++) sum += points[index * 136 + 2 * p + axis]!;
    return sum / (last - first + 1);
  };
  return Float64Array.of(
    ...[
      [36, 41],
      [42, 47],
      [30, 30],
      [48, 48],
      [54, 54],
    ].flatMap(([first, last]) => [mean(first!, last!, 0), mean(first!, last!, 1)]),
  );
}
