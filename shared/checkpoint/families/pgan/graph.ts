/** Builds the graph of a Progressive GAN generator. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import { pixelNormalised } from '../pixel-norm.ts';
import type { Layer, Pgan } from './architecture.ts';
import type { PganSettings } from './settings.ts';

/** Adds the generator to a graph: z f32 [n, latentSize] -> image f32 [n, channels, resolution, resolution]. */
export function addPgan(graph: GraphBuilder, z: Value, network: Pgan, settings: PganSettings): Value {
  const bent = (x: Value) => pixelNormalised(graph, graph.op('LeakyRelu', [x], { alpha: { float: settings.slope } }));
  const convolved = (x: Value, layer: Layer) => {
    const side = layer.weight.shape[2]!;
    const pad = (side - 1) / 2;
    const inputs = [x, ...weightsOf(graph, layer, settings)];
    return graph.op('Conv', inputs, { kernel_shape: [side, side], pads: [pad, pad, pad, pad] });
  };

  const format = [pixelNormalised(graph, z), ...weightsOf(graph, network.format, settings)];
  const pixels = graph.op('Gemm', format, { transB: 1 });
  let x = bent(graph.op('Reshape', [pixels, graph.ints([0, network.firstChannels, 4, 4])]));
  for (const [i, layers] of network.scales.entries()) {
    if (i > 0) x = doubled(graph, x);
    for (const layer of layers) x = bent(convolved(x, layer));
  }
  return convolved(x, network.toRgb);
}

/** Weight and bias, both times He's constant sqrt(2 / fan-in) (Karras et al. 2018, section 4.1). */
function weightsOf(graph: GraphBuilder, { weight, bias }: Layer, { equalised }: PganSettings): Value[] {
  const fan = weight.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const gain = equalised ? Math.sqrt(2 / fan) : 1;
  return [weight, bias].map((tensor) => {
    const values = tensor.floats();
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * gain;
    return graph.weight(values, tensor.shape);
  });
}

/** Each pixel becomes four. */
function doubled(graph: GraphBuilder, x: Value): Value {
  return graph.op('Resize', [x, '', graph.floats([1, 1, 2, 2], [4])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}
