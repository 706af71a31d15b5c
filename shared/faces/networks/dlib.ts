/** Builds dlib's face recognition network. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import { Layers, type Pads } from './layers.ts';
import { loadWeights, type Weight } from './weights.ts';

/** Residual units in order; those marked down halve the size and, all but the last, double the channels. */
const UNITS = [
  'conv32_1',
  'conv32_2',
  'conv32_3',
  'conv64_down',
  'conv64_1',
  'conv64_2',
  'conv64_3',
  'conv128_down',
  'conv128_1',
  'conv128_2',
  'conv256_down',
  'conv256_1',
  'conv256_2',
  'conv256_down_out',
] as const;

/** Side of the aligned face, in pixels. */
export const DLIB_SIDE = 150;
/** Length of the embedding. */
export const DLIB_EMBEDDING = 128;

/**
 * Adds dlib's face recognition ResNet (Davis King, weights in the public domain) to `graph`: aligned faces f32
 * [n,3,150,150], RGB 0..255 -> embeddings f32 [n,128], not normalised. The affine layers after the convolutions are
 * folded into them.
 */
export async function addDlib(graph: GraphBuilder, faces: Value): Promise<Value> {
  const layers = new Layers(graph, await loadWeights('face_recognition'));

  const scaled = (x: Value, name: string, stride: number, pads: Pads): Value => {
    const kernel = layers.weight(`${name}/conv/filters`);
    const gain = layers.weight(`${name}/scale/weights`).data;
    const shift = layers.weight(`${name}/scale/biases`).data;
    const bias = layers.weight(`${name}/conv/bias`).data.map((value, o) => value * gain[o]! + shift[o]!);
    // The output channel is the last axis of the package's kernels.
    const folded: Weight = {
      shape: kernel.shape,
      data: kernel.data.map((value, i) => value * gain[i % gain.length]!),
    };
    return layers.convolution(x, folded, bias, stride, pads);
  };
  const relu = (x: Value) => graph.op('Relu', [x]);

  // dlib trains with a range of 256 (input_rgb_image_sized); the package that carries the weights divides by 255.
  let x = layers.normalised(faces, [122.782, 117.001, 104.298], 256);
  x = relu(scaled(x, 'conv32_down', 2, [0, 0, 0, 0]));
  x = graph.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2] });
  let size = 35;
  let channels = 32;
  for (const unit of UNITS) {
    const down = unit.includes('down');
    const inner = relu(scaled(x, `${unit}/conv1`, down ? 2 : 1, down ? [0, 0, 0, 0] : [1, 1, 1, 1]));
    let out = scaled(inner, `${unit}/conv2`, 1, [1, 1, 1, 1]);
    if (down) {
      const outChannels = layers.weight(`${unit}/conv1/conv/filters`).shape[3]!;
      const convolved = Math.floor((size - 3) / 2) + 1;
      const pooled = Math.floor(size / 2);
      // The shortcut is pooled; zeros fill its missing channels and the last row and column the convolution lacks.
      x = graph.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
      if (outChannels > channels) x = graph.op('Pad', [x, graph.ints([0, 0, 0, 0, 0, outChannels - channels, 0, 0])]);
      const missing = pooled - convolved;
      if (missing > 0) out = graph.op('Pad', [out, graph.ints([0, 0, 0, 0, 0, 0, missing, missing])]);
      size = pooled;
      channels = outChannels;
    }
    x = relu(graph.op('Add', [x, out]));
  }
  const pooled = graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]);
  const fc = layers.weight('fc');
  return graph.op('MatMul', [pooled, graph.weight(fc.data, fc.shape)]);
}
