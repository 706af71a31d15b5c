/** Reads and builds the synthesis network of StyleGAN3. */
import type { GraphBuilder, Value } from '../../../onnx/graph.ts';
import type { Styles } from '../mapping.ts';
import { damaged, type ModuleReader, unsupported } from '../module-reader.ts';
import { addFourierInput, type FourierInput, fourierInputOf } from './input.ts';
import { addSynthesisLayer, type SynthesisLayer, synthesisLayerOf } from './layer.ts';

/** The synthesis network: Fourier features, then layers. */
export interface Synthesis {
  readonly resolution: number;
  readonly channels: number;
  readonly input: FourierInput;
  readonly layers: readonly SynthesisLayer[];
  readonly outputScale: number;
}

/** Reads a SynthesisNetwork, and checks that its layers fit each other. */
export function synthesisOf(record: ModuleReader, styleSize: number): Synthesis {
  const resolution = record.whole('img_resolution', 1, 2048);
  const channels = record.oneOf('img_channels', [1, 3]);
  const input = fourierInputOf(record.child('input'), styleSize);
  const names = record.strings('layer_names');
  if (names.length === 0 || names.length > 256) throw record.refused('layer_names', '1 to 256 layers');
  let before: { readonly channels: number; readonly size: readonly number[] } = input;
  const layers = names.map((name, i) => {
    const layer = synthesisLayerOf(record.child(name), styleSize);
    if (layer.inChannels !== before.channels || layer.inSize.some((side, axis) => side !== before.size[axis])) {
      throw damaged(`The layer "${record.name(name)}" does not take what the one before it gives.`);
    }
    if (layer.toRgb !== (i === names.length - 1)) {
      throw unsupported(`The layer "${record.name(name)}" makes colours, or does not, out of its place.`);
    }
    before = { channels: layer.outChannels, size: layer.outSize };
    return layer;
  });
  if (before.channels !== channels || before.size.some((side) => side !== resolution)) {
    throw damaged(
      `The last layer gives ${before.channels} x ${before.size.join(' x ')}, not an image as the network says.`,
    );
  }
  return { resolution, channels, input, layers, outputScale: record.number('output_scale') };
}

/** Adds it to a graph: w of each layer -> image f32 [n, channels, resolution, resolution]. */
export function addSynthesis(graph: GraphBuilder, styles: Styles, synthesis: Synthesis): Value {
  let x = addFourierInput(graph, styles(0), synthesis.input);
  synthesis.layers.forEach((layer, i) => {
    x = addSynthesisLayer(graph, x, styles(i + 1), layer);
  });
  return graph.op('Mul', [x, graph.scalar(synthesis.outputScale)]);
}
