/** Reads and builds the mapping network of StyleGAN2 and StyleGAN3. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import type { NetworkInputs } from '../formats/generator-network.ts';
import type { CheckpointTensor } from '../formats/tensor.ts';
import { addDense, type Dense, denseOf } from './dense.ts';
import type { ModuleReader } from './module-reader.ts';
import { pixelNormalised } from './pixel-norm.ts';

/** The mapping network of StyleGAN2 and StyleGAN3 (Karras et al. 2019, section 2; 2020 and 2021 keep it). */
export interface Mapping {
  readonly latentSize: number;
  readonly classes: number;
  /** Length of w. */
  readonly styleSize: number;
  readonly layers: readonly Dense[];
  /** Of the class label. */
  readonly embed: Dense | null;
  /** Moving average of w, towards which truncation pulls; null where none was tracked. */
  readonly average: CheckpointTensor | null;
  /** What is scaled to a mean square of one: z and the embedded label each alone, both as one vector, or nothing. */
  readonly normalised: 'each' | 'together' | 'none';
}

/** Reads a MappingNetwork of the NVlabs networks. */
export function mappingOf(record: ModuleReader): Mapping {
  const latentSize = record.whole('z_dim', 1, 65536);
  const classes = record.whole('c_dim', 0, 100_000);
  const styleSize = record.whole('w_dim', 1, 65536);
  const count = record.whole('num_layers', 1, 64);
  const embed = classes > 0 ? denseOf(record.child('embed'), classes) : null;
  const layers: Dense[] = [];
  let inputs = latentSize + (embed?.outputs ?? 0);
  for (let i = 0; i < count; i++) {
    const layer = denseOf(record.child(`fc${i}`), inputs, i === count - 1 ? styleSize : undefined);
    layers.push(layer);
    inputs = layer.outputs;
  }
  const average = record.record.buffers.has('w_avg') ? record.buffer('w_avg', [styleSize]) : null;
  return { latentSize, classes, styleSize, layers, embed, average, normalised: 'each' };
}

/** w of each layer of the synthesis network, f32 [n, styleSize]. */
export type Styles = (layer: number) => Value;

/**
 * Adds the mapping network to a graph. Truncation is w_avg + psi (w - w_avg), for the first `cutoff` layers only where
 * one is given (Karras et al. 2019, appendix B).
 */
export function addMapping(graph: GraphBuilder, mapping: Mapping, inputs: NetworkInputs, cutoff?: number): Styles {
  const { normalised } = mapping;
  const alone = (part: Value) => (normalised === 'each' ? pixelNormalised(graph, part) : part);
  let x = alone(inputs.z);
  if (mapping.embed) {
    if (inputs.c === null) throw new TypeError('a conditional generator needs a class input');
    x = graph.op('Concat', [x, alone(addDense(graph, inputs.c, mapping.embed))], { axis: 1 });
  }
  if (normalised === 'together') x = pixelNormalised(graph, x);
  for (const layer of mapping.layers) x = addDense(graph, x, layer);
  if (mapping.average === null || inputs.psi === null) return () => x;
  const average = graph.weight(mapping.average.floats(), [mapping.styleSize]);
  const pulled = graph.op('Mul', [graph.op('Sub', [x, average]), inputs.psi]);
  const truncated = graph.op('Add', [average, pulled]);
  return (layer) => (layer < (cutoff ?? Number.POSITIVE_INFINITY) ? truncated : x);
}
