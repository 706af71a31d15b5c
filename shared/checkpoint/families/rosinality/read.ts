/** Reads the state dict of rosinality's StyleGAN2. */
import type { CheckpointTensor, StateDict } from '../../formats/tensor.ts';
import type { Assumption } from '../../spec/generator.ts';
import type { Dense } from '../dense.ts';
import type { Mapping } from '../mapping.ts';
import { damaged, unsupported } from '../module-reader.ts';
import type { Block, Filter, Styled, StyledConv, Stylegan2 } from '../stylegan2/architecture.ts';
import { DEFAULT_FILTER as DEFAULT_TENSOR } from '../stylegan2/filters.ts';

/** Names that only this implementation gives (github.com/rosinality/stylegan2-pytorch). */
export function isRosinality(tensors: StateDict): boolean {
  return ['input.input', 'style.1.weight', 'conv1.conv.modulation.weight', 'to_rgb1.conv.weight'].every((name) =>
    tensors.has(name),
  );
}

const DEFAULT_FILTER: Filter = { tensor: DEFAULT_TENSOR, gain: 1 };

/** Its constant learning rate of the mapping network, which the file does not hold. */
const MAPPING_RATE = 0.01;

export interface RosinalityStylegan2 extends Stylegan2 {
  readonly parameters: number;
  readonly assumptions: readonly Assumption[];
}

/**
 * Reads the state dict: mapping network, then conv1 and to_rgb1 at the constant's size, then for each doubling two of
 * `convs` and one of `to_rgbs`. Weights are scaled by 1 / sqrt(fan in) here even where demodulation follows.
 */
export function readRosinality(tensors: StateDict, average: CheckpointTensor | null): RosinalityStylegan2 {
  const reader = new Reader(tensors);
  const constant = reader.tensor('input.input');
  const [one, features = 0, size = 0, width] = constant.shape;
  if (constant.shape.length !== 4 || one !== 1 || size !== width || size < 1) {
    throw unsupported(`The network starts from [${constant.shape}]; Rewound knows one square.`);
  }
  const mapping = readMapping(reader, average);
  const doublings = reader.count(/^to_rgbs\.(\d+)\.bias$/);
  const channels = reader.extent('to_rgb1.conv.weight', 1);

  let place: Place = { styleSize: mapping.styleSize, inputs: features, index: 0, resolution: size };
  const first = reader.conv('conv1', 0, place, false);
  place = { ...place, inputs: first.outputs, index: 1 };
  const toRgb = reader.toRgb('to_rgb1', channels, place);
  const blocks: Block[] = [];
  blocks.push({ resolution: size, convs: [first.conv], shortcut: null, toRgb, up: DEFAULT_FILTER });
  for (let i = 0; i < doublings; i++) {
    const resolution = size * 2 ** (i + 1);
    const up = reader.conv(`convs.${2 * i}`, 2 * i + 1, { ...place, resolution }, true);
    place = { ...place, resolution, inputs: up.outputs, index: place.index + 1 };
    const same = reader.conv(`convs.${2 * i + 1}`, 2 * i + 2, place, false);
    place = { ...place, inputs: same.outputs, index: place.index + 1 };
    blocks.push({
      resolution,
      convs: [up.conv, same.conv],
      shortcut: null,
      toRgb: reader.toRgb(`to_rgbs.${i}`, channels, place),
      up: reader.filter(`to_rgbs.${i}.upsample.kernel`),
    });
  }
  return { mapping, constant, blocks, channels, ...reader.finish() };
}

interface Place {
  readonly styleSize: number;
  readonly inputs: number;
  readonly index: number;
  readonly resolution: number;
}

function readMapping(reader: Reader, average: CheckpointTensor | null): Mapping {
  const layers: Dense[] = [];
  const latentSize = reader.extent('style.1.weight', 1);
  let inputs = latentSize;
  for (let i = 1; reader.has(`style.${i}.weight`); i++) {
    const layer = reader.dense(`style.${i}`, inputs, reader.extent(`style.${i}.weight`, 0), MAPPING_RATE, 'lrelu');
    layers.push(layer);
    inputs = layer.outputs;
  }
  if (average && average.shape.reduce((product, extent) => product * extent, 1) !== inputs) {
    throw damaged(`The mean latent is [${average.shape}] where w has ${inputs} values.`);
  }
  return { latentSize, classes: 0, styleSize: inputs, layers, embed: null, average, normalised: 'each' };
}

/** Tensors by name, and which of them were used. */
class Reader {
  private readonly tensors: StateDict;
  private readonly used = new Set<string>();
  private readonly assumptions: Assumption[] = [
    {
      what: 'activations and learning rate of the mapping',
      value: 'leaky ReLU (0.2) times the square root of 2, 0.01',
      source: 'assumed: as the implementation does; the file holds tensors only',
    },
  ];
  private filtersMissing = false;

  constructor(tensors: StateDict) {
    this.tensors = tensors;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** How many names match, numbered from 0. */
  count(pattern: RegExp): number {
    return [...this.tensors.keys()].filter((name) => pattern.test(name)).length;
  }

  extent(name: string, axis: number): number {
    return this.tensor(name).shape[axis] ?? 0;
  }

  tensor(name: string, shape?: readonly number[]): CheckpointTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw damaged(`The network has no tensor "${name}".`);
    if (shape && (shape.length !== tensor.shape.length || shape.some((extent, i) => extent !== tensor.shape[i]))) {
      throw damaged(`The tensor "${name}" is [${tensor.shape}] where the layers around it ask for [${shape}].`);
    }
    this.used.add(name);
    return tensor;
  }

  dense(name: string, inputs: number, outputs: number, rate: number, activation: Dense['activation']): Dense {
    return {
      inputs,
      outputs,
      weight: this.tensor(`${name}.weight`, [outputs, inputs]),
      bias: this.tensor(`${name}.bias`, [outputs]),
      weightGain: rate / Math.sqrt(inputs),
      biasGain: rate,
      activation,
    };
  }

  conv(name: string, layer: number, place: Place, up: boolean): { conv: StyledConv; outputs: number } {
    const outputs = this.extent(`${name}.conv.weight`, 1);
    const size = this.extent(`${name}.conv.weight`, 3);
    if (size % 2 !== 1) throw unsupported(`The kernel of "${name}" is ${size} wide; Rewound knows odd widths.`);
    const noise = `noises.noise_${layer}`;
    const conv: StyledConv = {
      ...this.styled(name, outputs, size, place),
      bias: this.tensor(`${name}.activate.bias`, [outputs]),
      activation: { kind: 'lrelu', gain: Math.SQRT2, clamp: null },
      up: up ? this.filter(`${name}.conv.blur.kernel`) : null,
      noise: {
        strength: this.tensor(`${name}.noise.weight`, [1]),
        constant: this.has(noise) ? this.tensor(noise, [1, 1, place.resolution, place.resolution]) : null,
      },
    };
    return { conv, outputs };
  }

  toRgb(name: string, channels: number, place: Place): Styled {
    return {
      ...this.styled(name, channels, 1, place),
      bias: this.tensor(`${name}.bias`, [1, channels, 1, 1]),
      activation: { kind: 'linear', gain: 1, clamp: null },
    };
  }

  private styled(name: string, outputs: number, size: number, { styleSize, inputs, index }: Place) {
    return {
      index,
      style: this.dense(`${name}.conv.modulation`, styleSize, inputs, 1, 'linear'),
      styleGain: 1,
      weight: {
        tensor: this.tensor(`${name}.conv.weight`, [1, outputs, inputs, size, size]),
        gain: 1 / Math.sqrt(inputs * size * size),
      },
    };
  }

  /** Stored times the 4 of a doubling. */
  filter(name: string): Filter {
    if (!this.has(name)) {
      this.filtersMissing = true;
      return DEFAULT_FILTER;
    }
    const tensor = this.tensor(name);
    const [height = 0, width] = tensor.shape;
    if (tensor.shape.length !== 2 || height !== width || height < 2 || height > 64) {
      throw unsupported(`The filter "${name}" is [${tensor.shape}]; Rewound knows squares of 2 to 64 taps.`);
    }
    return { tensor, gain: 1 / 4 };
  }

  /** Refuses tensors that were not used: the network would be another one. */
  finish(): { parameters: number; assumptions: readonly Assumption[] } {
    const others = [...this.tensors.keys()].filter((name) => !this.used.has(name));
    if (others.length > 0) {
      throw unsupported(`The network also has "${others[0]!.slice(0, 60)}", which rosinality's StyleGAN2 has not.`);
    }
    if (this.filtersMissing) {
      this.assumptions.push({ what: 'filter of the resampling', value: '1, 3, 3, 1', source: 'assumed: its default' });
    }
    let parameters = 0;
    for (const [name, { shape }] of this.tensors) {
      if (!/^noises\.|\.kernel$/.test(name)) parameters += shape.reduce((product, extent) => product * extent, 1);
    }
    return { parameters, assumptions: this.assumptions };
  }
}
