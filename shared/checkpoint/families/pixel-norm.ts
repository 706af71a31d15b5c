/** Builds pixel normalisation. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';

/** x / sqrt(mean of x^2 over the channels + 1e-8), for each sample and pixel (Karras et al. 2018, section 4.2). */
export function pixelNormalised(graph: GraphBuilder, x: Value): Value {
  const square = graph.op('ReduceMean', [graph.op('Mul', [x, x])], { axes: [1] });
  return graph.op('Div', [x, graph.op('Sqrt', [graph.op('Add', [square, graph.scalar(1e-8)])])]);
}
