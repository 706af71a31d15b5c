/** Builds the whole graph of StyleGAN2. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { FamilyOptions, NetworkInputs } from '../../formats/generator-network.ts';
import { addMapping } from '../mapping.ts';
import type { Shortcut, Stylegan2 } from './architecture.ts';
import { folded, kernelShape } from './fold.ts';
import { noiseSource } from './noise.ts';
import { doubled } from './resample.ts';
import { addStyledConv, addToRgb } from './styled.ts';

/** Adds the whole generator. */
export function addStylegan2(
  graph: GraphBuilder,
  network: Stylegan2,
  inputs: NetworkInputs,
  { truncationCutoff, noise = 'const' }: FamilyOptions,
): Value {
  const styles = addMapping(graph, network.mapping, inputs, truncationCutoff);
  const nextNoise = noiseSource(noise);
  let x = graph.weight(network.constant.floats(), [1, ...network.constant.shape.slice(-3)]);
  let image: Value | undefined;
  for (const { resolution, convs, shortcut, toRgb, up } of network.blocks) {
    const passed = shortcut && addShortcut(graph, x, shortcut);
    for (const conv of convs) {
      x = addStyledConv(graph, x, conv, styles, conv.noise && nextNoise(conv.noise, resolution));
    }
    if (passed !== null) x = graph.op('Add', [passed, x]);
    if (image !== undefined) image = doubled(graph, image, up, network.channels);
    if (toRgb) {
      const part = addToRgb(graph, x, toRgb, resolution, styles);
      image = image === undefined ? part : graph.op('Add', [image, part]);
    }
  }
  if (image === undefined) throw new TypeError('a generator needs a layer that makes an image');
  return image;
}

function addShortcut(graph: GraphBuilder, x: Value, { weight, up }: Shortcut): Value {
  const shape = kernelShape(weight);
  const kernel = graph.weight(folded(weight), shape);
  return doubled(graph, graph.op('Conv', [x, kernel], { kernel_shape: shape.slice(2) }), up, shape[0]);
}
