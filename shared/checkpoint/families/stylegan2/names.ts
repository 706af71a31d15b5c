/** Recognises NVlabs' StyleGAN2 by the names of its tensors. */
import type { PlainValue, SavedModule } from '../../formats/saved-module.ts';
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import type { Assumption } from '../../spec/generator.ts';
import { DEFAULT_FILTER } from './filters.ts';

/** Whether tensors have the names of NVlabs' StyleGAN2 generator: mapping.fc0.weight, synthesis.b4.const. */
export function isNvlabsNames(tensors: StateDict): boolean {
  return tensors.has('mapping.fc0.weight') && [...tensors.keys()].some((name) => /^synthesis\.b\d+\.const$/.test(name));
}

/** Attributes by name, as the objects would have had them. */
type Attributes = Readonly<Record<string, PlainValue>>;

/** Tensors of a network that are no parameters. */
const BUFFERS = ['w_avg', 'resample_filter', 'noise_const'];

/** A part of the network while it is put together. */
interface Part {
  className: string;
  readonly parameters: Map<string, CheckpointTensor>;
  readonly buffers: Map<string, CheckpointTensor>;
  readonly modules: Map<string, Part>;
  readonly attributes: Map<string, PlainValue>;
}

/**
 * The generator's objects made anew from the names and shapes of its tensors. What the objects would have said beyond
 * that is what the classes of both repositories do by default, and listed.
 */
export function recordOfNames(tensors: StateDict): { record: SavedModule; assumptions: readonly Assumption[] } {
  const root = newPart();
  for (const [name, tensor] of tensors) {
    const path = name.split('.');
    const last = path.pop()!;
    let part = root;
    for (const step of path) {
      if (!part.modules.has(step)) part.modules.set(step, newPart());
      part = part.modules.get(step)!;
    }
    (BUFFERS.includes(last) ? part.buffers : part.parameters).set(last, tensor);
  }
  const source = 'assumed: what the classes do by default; the file holds tensors only';
  const assumptions = [
    { what: 'activations', value: 'leaky ReLU (0.2) times the square root of 2', source },
    { what: 'learning rate of the mapping', value: '0.01', source },
    { what: 'limit of activations', value: 'none', source },
  ];
  setClass(root, 'Generator', {});
  describeMapping(root.modules.get('mapping')!);
  if (describeSynthesis(root.modules.get('synthesis')!)) {
    assumptions.push({ what: 'filter of the resampling', value: '1, 3, 3, 1', source });
  }
  return { record: root, assumptions };
}

function newPart(): Part {
  return { className: '', parameters: new Map(), buffers: new Map(), modules: new Map(), attributes: new Map() };
}

function setClass(part: Part, className: string, attributes: Attributes): void {
  part.className = className;
  for (const [name, value] of Object.entries(attributes)) part.attributes.set(name, value);
}

/** Extent of a tensor along an axis, 0 where there is none: readers say what is missing. */
function extent(part: Part | undefined, name: string, axis: number): number {
  return part?.parameters.get(name)?.shape[axis] ?? 0;
}

function describeDense(part: Part, activation: 'linear' | 'lrelu', rate: number): void {
  const inputs = extent(part, 'weight', 1);
  setClass(part, 'FullyConnectedLayer', { activation, weight_gain: rate / Math.sqrt(inputs), bias_gain: rate });
}

function describeMapping(mapping: Part): void {
  const layers = [...mapping.modules].filter(([name]) => /^fc\d+$/.test(name));
  const embed = mapping.modules.get('embed');
  if (embed) describeDense(embed, 'linear', 1);
  for (const [, layer] of layers) describeDense(layer, 'lrelu', 0.01);
  setClass(mapping, 'MappingNetwork', {
    z_dim: extent(mapping.modules.get('fc0'), 'weight', 1) - extent(embed, 'weight', 0),
    c_dim: extent(embed, 'weight', 1),
    w_dim: extent(mapping.modules.get(`fc${layers.length - 1}`), 'weight', 0),
    num_layers: layers.length,
  });
}

/** Returns whether a filter was missing. */
function describeSynthesis(synthesis: Part): boolean {
  const blocks = [...synthesis.modules]
    .filter(([name]) => /^b\d+$/.test(name))
    .map(([name, block]) => ({ size: Number(name.slice(1)), block }))
    .sort((a, b) => a.size - b.size);
  const toRgbs = blocks.filter(({ block }) => block.modules.has('torgb'));
  const residual = blocks.some(({ block }) => block.modules.has('skip'));
  const architecture = residual ? 'resnet' : toRgbs.length === blocks.length && blocks.length > 1 ? 'skip' : 'orig';
  let missing = false;
  for (const { block } of blocks) {
    setClass(block, 'SynthesisBlock', { architecture, use_fp16: false });
    for (const [name, layer] of block.modules) describeLayer(name, layer);
    for (const part of [block, ...block.modules.values()]) {
      if (part.className === 'ToRGBLayer' || part.buffers.has('resample_filter')) continue;
      part.buffers.set('resample_filter', DEFAULT_FILTER);
      missing = true;
    }
  }
  const convs = blocks.reduce((sum, { block }) => sum + (block.modules.has('conv0') ? 2 : 1), 0);
  setClass(synthesis, 'SynthesisNetwork', {
    block_resolutions: blocks.map(({ size }) => size),
    img_channels: extent(toRgbs[0]?.block.modules.get('torgb'), 'weight', 0),
    num_ws: convs + 1,
  });
  return missing;
}

function describeLayer(name: string, layer: Part): void {
  const affine = layer.modules.get('affine');
  if (affine) describeDense(affine, 'linear', 1);
  const fanIn = extent(layer, 'weight', 1) * extent(layer, 'weight', 2) * extent(layer, 'weight', 3);
  const shared = { conv_clamp: null, weight_gain: 1 / Math.sqrt(fanIn) };
  if (name === 'torgb') setClass(layer, 'ToRGBLayer', shared);
  else if (name === 'skip') {
    setClass(layer, 'Conv2dLayer', { ...shared, activation: 'linear', act_gain: 1, up: 2, down: 1 });
  } else {
    setClass(layer, 'SynthesisLayer', {
      conv_clamp: null,
      activation: 'lrelu',
      act_gain: Math.SQRT2,
      up: name === 'conv0' ? 2 : 1,
      padding: Math.floor(extent(layer, 'weight', 2) / 2),
      use_noise: layer.parameters.has('noise_strength'),
    });
  }
}
