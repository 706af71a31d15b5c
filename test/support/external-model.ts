import { GraphBuilder } from '../../shared/onnx/graph.ts';

/** A generator whose weights lie in the file `location`. */
export function externalModel(location: string): Uint8Array {
  const graph = new GraphBuilder('external');
  const z = graph.input('z', 'float32', ['n', 4]);
  const flat = graph.op('MatMul', [z, graph.externalWeight(location, [4, 3 * 32 * 32])]);
  graph.output('image', graph.op('Reshape', [flat, graph.ints([-1, 3, 32, 32])]), 'float32', ['n', 3, 32, 32]);
  return graph.model();
}

/** Bytes of its weights. */
export const EXTERNAL_BYTES = 4 * 4 * 3 * 32 * 32;
