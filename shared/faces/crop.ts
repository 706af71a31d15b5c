/** Adds the cutting-out of aligned faces to a graph. */
import type { GraphBuilder, Value } from '../onnx/graph.ts';

/**
 * Adds the cutting-out of aligned faces to `graph`: `image` f32 [n,3,h,w] and `matrix` f32 [n,2,3] (see
 * `writeCropMatrix`) -> crops f32 [n,3,side,side], bilinear, black outside the image. Big images thus stay inside the
 * runtime, and JavaScript gives six numbers a face.
 */
export function addCrop(graph: GraphBuilder, image: Value, matrix: Value, side: number): Value {
  const pixels = new Float32Array(side * side * 3);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) pixels.set([x, y, 1], (y * side + x) * 3);
  const transposed = graph.op('Transpose', [matrix], { perm: [0, 2, 1] });
  const places = graph.op('MatMul', [graph.weight(pixels, [1, side * side, 3]), transposed]);
  const grid = graph.op('Reshape', [places, graph.ints([-1, side, side, 2])]);
  return graph.op('GridSample', [image, grid], { mode: 'bilinear', padding_mode: 'zeros', align_corners: 0 });
}
