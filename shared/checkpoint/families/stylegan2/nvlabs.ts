/** Reads NVlabs' StyleGAN2 for PyTorch. */
import type { SavedModule } from '../../formats/saved-module.ts';
import { denseOf } from '../dense.ts';
import { mappingOf } from '../mapping.ts';
import { ModuleReader, parameterCount, unsupported } from '../module-reader.ts';
import type { Block, Filter, Shortcut, Styled, StyledConv, Stylegan2 } from './architecture.ts';

/** Name of a block, by the height and width of its output. */
const BLOCK = /^b\d+$/;

/** Architectures of a synthesis block, named as in Karras et al. 2020, section 4 (figure 7). */
export type ImagePath = 'skip' | 'resnet' | 'orig';

export interface NvlabsStylegan2 extends Stylegan2 {
  readonly path: ImagePath;
  /** Resolutions that were trained in half precision. */
  readonly half: readonly number[];
  readonly parameters: number;
}

/** Whether it is a generator of the two NVlabs repositories with StyleGAN2's blocks: StyleGAN3 has the same classes. */
export function isNvlabsStylegan2({ modules }: SavedModule): boolean {
  const blocks = [...(modules.get('synthesis')?.modules ?? [])];
  return modules.has('mapping') && blocks.some(([name, { modules }]) => BLOCK.test(name) && modules.has('conv1'));
}

/**
 * Reads the generator from the objects of its file. Every setting is the object's own: what the classes do by default
 * differs between the repositories and over time. Whatever is there that this reader does not use is refused, as the
 * network it belongs to would then be another one.
 */
export function readNvlabs(record: SavedModule): NvlabsStylegan2 {
  const root = new ModuleReader(record, '');
  requireKnown(root, 'Generator', { modules: ['mapping', 'synthesis'] });
  const mapping = mappingOf(mappingRecord(root));
  const synthesis = root.child('synthesis');
  const sizes = synthesis.numbers('block_resolutions', blockCount(synthesis));
  requireKnown(synthesis, 'SynthesisNetwork', { modules: sizes.map((size) => `b${size}`) });
  const channels = synthesis.whole('img_channels', 1, 4);
  const readers = sizes.map((size) => synthesis.child(`b${size}`));
  const first = readers[0]!;
  const path = first.oneOf('architecture', ['skip', 'resnet', 'orig'] as const);

  const constant = first.parameter('const');
  const [features = 0, height = 0, width = 0] = constant.shape;
  if (constant.shape.length !== 3 || height !== width || height !== sizes[0]) {
    throw unsupported(`The network starts from [${constant.shape}]; Rewound knows squares of the first block's size.`);
  }
  const blocks: Block[] = [];
  let inputs = features;
  let index = 0;
  for (const [i, reader] of readers.entries()) {
    if (sizes[i] !== height * 2 ** i) throw synthesis.refused('block_resolutions', 'each twice the one before');
    const place: Place = { path, inputs, index, channels, styleSize: mapping.styleSize, resolution: sizes[i] };
    const block = readBlock(reader, place, i === 0, i === readers.length - 1);
    blocks.push(block);
    inputs = block.outputs;
    index += block.convs.length;
  }
  if (synthesis.number('num_ws') !== index + 1) throw synthesis.refused('num_ws', `${index + 1} for these layers`);
  const half = sizes.filter((_, i) => readers[i]!.flag('use_fp16'));
  return { mapping, constant, blocks, channels, path, half, parameters: parameterCount(record) };
}

/** At least one, as `isNvlabsStylegan2` says. */
function blockCount({ record }: ModuleReader): number {
  return [...record.modules.keys()].filter((name) => BLOCK.test(name)).length;
}

interface Place {
  readonly path: ImagePath;
  readonly inputs: number;
  /** Of the first w it takes. */
  readonly index: number;
  readonly channels: number;
  readonly styleSize: number;
  readonly resolution: number;
}

function mappingRecord(root: ModuleReader): ModuleReader {
  const mapping = root.child('mapping');
  const layers = Array.from({ length: mapping.whole('num_layers', 1, 64) }, (_, i) => `fc${i}`);
  requireKnown(mapping, 'MappingNetwork', { modules: [...layers, 'embed'] });
  for (const name of [...layers, 'embed']) {
    const layer = mapping.optionalChild(name);
    if (layer) requireKnown(layer, 'FullyConnectedLayer', { tensors: ['weight', 'bias'] });
  }
  return mapping;
}

function readBlock(block: ModuleReader, place: Place, isFirst: boolean, isLast: boolean): Block & { outputs: number } {
  const { path, resolution } = place;
  block.oneOf('architecture', [path]);
  const shortcut = path === 'resnet' && !isFirst;
  const toRgb = path === 'skip' || isLast;
  const names = [...(isFirst ? [] : ['conv0']), 'conv1', ...(toRgb ? ['torgb'] : []), ...(shortcut ? ['skip'] : [])];
  requireKnown(block, 'SynthesisBlock', { modules: names, tensors: isFirst ? ['const'] : [] });

  // The branches of a residual block are scaled so that their sum keeps its variance.
  const gain = shortcut ? Math.SQRT1_2 : 1;
  const convs: StyledConv[] = [];
  let inputs = place.inputs;
  for (const name of isFirst ? ['conv1'] : ['conv0', 'conv1']) {
    const at = { ...place, inputs, index: place.index + convs.length };
    const { conv, outputs } = readConv(block.child(name), at, name === 'conv0', name === 'conv1' ? gain : 1);
    convs.push(conv);
    inputs = outputs;
  }
  return {
    resolution,
    convs,
    outputs: inputs,
    up: filterOf(block),
    shortcut: shortcut ? readShortcut(block.child('skip'), place.inputs, inputs, gain) : null,
    toRgb: toRgb ? readToRgb(block.child('torgb'), { ...place, inputs, index: place.index + convs.length }) : null,
  };
}

function readConv(layer: ModuleReader, place: Place, up: boolean, gain: number) {
  requireKnown(layer, 'SynthesisLayer', { modules: ['affine'], tensors: ['weight', 'bias', 'noise_strength'] });
  const noisy = layer.flag('use_noise');
  layer.oneOf('up', [up ? 2 : 1]);
  const { resolution } = place;
  const weight = layer.parameter('weight');
  const [outputs = 0, , size = 0] = weight.shape;
  layer.parameter('weight', [outputs, place.inputs, size, size]);
  if (size % 2 !== 1)
    throw unsupported(`The kernel "${layer.name('weight')}" is ${size} wide; Rewound knows odd widths.`);
  layer.oneOf('padding', [(size - 1) / 2]);
  const conv: StyledConv = {
    ...styleOf(layer, place),
    styleGain: 1,
    weight: { tensor: weight, gain: 1 },
    bias: layer.parameter('bias', [outputs]),
    activation: {
      kind: layer.oneOf('activation', ['lrelu', 'relu', 'linear'] as const),
      gain: positive(layer, 'act_gain') * gain,
      clamp: clampOf(layer, gain),
    },
    up: up ? filterOf(layer) : null,
    noise: noisy
      ? {
          strength: layer.parameter('noise_strength', []),
          constant: layer.record.buffers.has('noise_const')
            ? layer.buffer('noise_const', [resolution, resolution])
            : null,
        }
      : null,
  };
  return { conv, outputs };
}

function readToRgb(layer: ModuleReader, place: Place): Styled {
  requireKnown(layer, 'ToRGBLayer', { modules: ['affine'], tensors: ['weight', 'bias'] });
  return {
    ...styleOf(layer, place),
    styleGain: layer.number('weight_gain'),
    weight: { tensor: layer.parameter('weight', [place.channels, place.inputs, 1, 1]), gain: 1 },
    bias: layer.parameter('bias', [place.channels]),
    activation: { kind: 'linear', gain: 1, clamp: clampOf(layer, 1) },
  };
}

function readShortcut(layer: ModuleReader, inputs: number, outputs: number, gain: number): Shortcut {
  requireKnown(layer, 'Conv2dLayer', { tensors: ['weight'] });
  layer.oneOf('activation', ['linear']);
  layer.oneOf('conv_clamp', [null]);
  layer.oneOf('up', [2]);
  layer.oneOf('down', [1]);
  const tensor = layer.parameter('weight', [outputs, inputs, 1, 1]);
  const total = layer.number('weight_gain') * layer.number('act_gain') * gain;
  return { weight: { tensor, gain: total }, up: filterOf(layer) };
}

function styleOf(layer: ModuleReader, { styleSize, inputs, index }: Place) {
  const affine = layer.child('affine');
  requireKnown(affine, 'FullyConnectedLayer', { tensors: ['weight', 'bias'] });
  affine.oneOf('activation', ['linear']);
  return { index, style: denseOf(affine, styleSize, inputs) };
}

/** Made of taps, then of their product with themselves unless there are eight or more; with one, nothing is filtered. */
function filterOf(layer: ModuleReader): Filter {
  const tensor = layer.buffer('resample_filter');
  const { shape } = tensor;
  if (shape.length < 1 || shape.length > 2 || shape.some((taps) => taps < 2 || taps > 64)) {
    throw unsupported(
      `The filter "${layer.name('resample_filter')}" is [${shape}]; Rewound knows lines and planes of 2 to 64 taps.`,
    );
  }
  return { tensor, gain: 1 };
}

function positive(layer: ModuleReader, name: string): number {
  const value = layer.number(name);
  if (value <= 0) throw layer.refused(name, 'what is above zero');
  return value;
}

function clampOf(layer: ModuleReader, gain: number): number | null {
  return layer.record.attributes.get('conv_clamp') === null ? null : positive(layer, 'conv_clamp') * gain;
}

interface Known {
  readonly modules?: readonly string[];
  readonly tensors?: readonly string[];
}

/** Buffers that a layer has whether it uses them or not. */
const BUFFERS = ['resample_filter', 'noise_const', 'w_avg'];

/** Refuses another class, and parts and tensors that the class does not have. */
function requireKnown(layer: ModuleReader, className: string, { modules = [], tensors = [] }: Known): void {
  const { record, path } = layer;
  const name = path === '' ? 'The generator' : `The network's "${path}"`;
  if (record.className !== className) {
    throw unsupported(`${name} is a ${record.className.slice(0, 60)}; Rewound knows ${className}.`);
  }
  const known = new Set([...modules, ...tensors]);
  const others = [...record.modules.keys(), ...record.parameters.keys(), ...record.buffers.keys()].filter(
    (part) => !known.has(part) && !BUFFERS.includes(part),
  );
  if (others.length > 0) {
    throw unsupported(`${name} also has "${others[0]!.slice(0, 60)}", which StyleGAN2's ${className} has not.`);
  }
}
