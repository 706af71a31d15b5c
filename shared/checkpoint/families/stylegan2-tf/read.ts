/** Reads a StyleGAN2 generator for TensorFlow. */
import type { SavedModule } from '../../formats/saved-module.ts';
import type { Assumption } from '../../spec/generator.ts';
import type { Dense } from '../dense.ts';
import type { Mapping } from '../mapping.ts';
import { damaged } from '../module-reader.ts';
import type { Activation, Block, Filter, Shortcut, Styled, StyledConv, Stylegan2 } from '../stylegan2/architecture.ts';
import { outputsFirst } from './layout.ts';
import { unknown } from './refused.ts';
import { Settings } from './settings.ts';
import { Variables } from './variables.ts';

/** Its constant's height and width. */
const FIRST = 4;

const LRELU = 'leaky ReLU (0.2) times the square root of 2';

export interface TensorFlowStylegan2 extends Stylegan2 {
  readonly path: 'skip' | 'resnet' | 'orig';
  /** Resolutions that were trained in half precision. */
  readonly half: readonly number[];
  readonly parameters: number;
  readonly assumptions: readonly Assumption[];
}

/**
 * Reads a generator of NVlabs' stylegan2 or stylegan2-ada for TensorFlow. `revised` is the synthesis network without
 * connections around its blocks that grew while it was trained; of its images, only the largest is made.
 */
export function readTensorFlow(network: SavedModule, revised: boolean): TensorFlowStylegan2 {
  const variables = new Variables(network);
  const settings = new Settings(network);
  settings.oneOf('dtype', ['float32']);
  const mapping = readMapping(variables, settings);
  const kind = settings.oneOf('nonlinearity', ['lrelu', 'relu', 'linear'], ['activations', LRELU]);
  const clamp = settings.clamp();
  const up = settings.filter();
  const layers = new Layers(variables, mapping.styleSize, up, {
    kind,
    gain: kind === 'linear' ? 1 : Math.SQRT2,
    clamp,
  });
  const [sizes, path] = revised ? grown(variables) : sizesAndPath(variables);
  settings.oneOf('architecture', [path]);
  settings.oneOf('use_noise', [variables.has('synthesis/4x4/Conv/noise_strength')]);
  settings.truncation();

  const features = variables.extent('synthesis/4x4/Const/const', 1);
  const constant = variables.tensor('synthesis/4x4/Const/const', [1, features, FIRST, FIRST]);
  const toRgbName = (size: number) => (revised ? 'synthesis/ToRGB_lod0' : `synthesis/${size}x${size}/ToRGB`);
  const channels = variables.extent(`${toRgbName(sizes.at(-1)!)}/weight`, -1);
  if (channels < 1 || channels > 4) throw unknown(`The network makes ${channels} channels; Rewound knows 1 to 4.`);
  const blocks: Block[] = [];
  let inputs = features;
  for (const [i, size] of sizes.entries()) {
    const shortcut = path === 'resnet' && i > 0;
    // The branches of a residual block are scaled so that their sum keeps its variance.
    const gain = shortcut ? Math.SQRT1_2 : 1;
    const scope = `synthesis/${size}x${size}`;
    const before = inputs;
    const convs: StyledConv[] = [];
    const names = i === 0 ? ['Conv'] : ['Conv0_up', 'Conv1'];
    for (const name of names) {
      const last = name === names.at(-1);
      const index = Math.max(2 * i - 1, 0) + convs.length;
      const read = layers.conv(`${scope}/${name}`, inputs, index, size, name === 'Conv0_up', last ? gain : 1);
      convs.push(read.conv);
      inputs = read.outputs;
    }
    blocks.push({
      resolution: size,
      convs,
      shortcut: shortcut ? layers.shortcut(`${scope}/Skip`, before, inputs, gain) : null,
      toRgb:
        path === 'skip' || i === sizes.length - 1 ? layers.toRgb(toRgbName(size), inputs, 2 * i + 1, channels) : null,
      up,
    });
  }
  const halves = settings.halves();
  settings.finish({
    resolution: sizes.at(-1)!,
    num_channels: channels,
    latent_size: mapping.latentSize,
    dlatent_size: mapping.styleSize,
    label_size: mapping.classes,
    mapping_layers: mapping.layers.length,
  });
  return {
    mapping,
    constant,
    blocks,
    channels,
    path,
    half: sizes.filter((_, i) => i > 0 && i >= sizes.length - halves),
    parameters: variables.finish(),
    assumptions: settings.assumptions,
  };
}

function readMapping(variables: Variables, settings: Settings): Mapping {
  const activation = settings.oneOf('mapping_nonlinearity', ['lrelu', 'linear'], ['activations of the mapping', LRELU]);
  const rate = settings.positive('mapping_lrmul', 0.01, 'learning rate of the mapping');
  const normalise = settings.oneOf('normalize_latents', [true, false], ['latents are normalised', 'yes']);
  const joined = variables.extent('mapping/Dense0/weight', 0);
  const embed = readLabels(variables);
  const latentSize = joined - (embed?.outputs ?? 0);
  if (latentSize < 1) throw damaged(`The mapping network takes ${joined} values, its labels' included.`);
  // Of stylegan2-ada, whose labels have a bias. It normalises them whatever is done with latents.
  const apart = embed !== null && embed.bias !== null;
  if (apart && !normalise) throw settings.refused('normalize_latents', 'true where there are labels');
  const layers: Dense[] = [];
  let inputs = joined;
  const count = variables.count(/^mapping\/Dense\d+\/weight$/);
  for (let i = 0; i < count; i++) {
    const layer = variables.dense(`mapping/Dense${i}`, inputs, rate, activation);
    layers.push(layer);
    inputs = layer.outputs;
  }
  return {
    latentSize,
    classes: embed?.inputs ?? 0,
    styleSize: inputs,
    layers,
    embed,
    average: variables.optional('dlatent_avg', [inputs]),
    normalised: normalise ? (apart ? 'each' : 'together') : 'none',
  };
}

/** stylegan2 has rows of a table joined to latents before both are normalised, stylegan2-ada a layer. */
function readLabels(variables: Variables): Dense | null {
  const layer = 'mapping/LabelEmbed';
  if (variables.has(`${layer}/weight`)) {
    return variables.dense(layer, variables.extent(`${layer}/weight`, 0), 1, 'linear');
  }
  const table = 'mapping/LabelConcat/weight';
  if (!variables.has(table)) return null;
  const [inputs, outputs] = [variables.extent(table, 0), variables.extent(table, 1)];
  const weight = outputsFirst(variables.tensor(table, [inputs, outputs]));
  return { inputs, outputs, weight, bias: null, weightGain: 1, biasGain: 1, activation: 'linear' };
}

/** Resolutions of the blocks, and how they are connected (Karras et al. 2020, figure 7), as the variables show. */
function sizesAndPath(variables: Variables): readonly [number[], TensorFlowStylegan2['path']] {
  const sizes = blockSizes(variables);
  if (variables.has('synthesis/8x8/Skip/weight')) return [sizes, 'resnet'];
  return [sizes, variables.has('synthesis/4x4/ToRGB/weight') ? 'skip' : 'orig'];
}

function grown(variables: Variables): readonly [number[], TensorFlowStylegan2['path']] {
  const lod = variables.optional('lod', []) ?? variables.optional('synthesis/lod', []);
  const value = lod?.floats()[0] ?? 0;
  if (value !== 0) throw unknown(`The network stopped growing at level of detail ${value}; Rewound knows grown ones.`);
  // Those of its smaller images, from when it was smaller itself.
  variables.leave(/^synthesis\/ToRGB_lod[1-9]\d*\/(weight|bias|mod_weight|mod_bias)$/);
  return [blockSizes(variables), 'orig'];
}

function blockSizes(variables: Variables): number[] {
  const sizes = [FIRST];
  while (variables.has(`synthesis/${2 * sizes.at(-1)!}x${2 * sizes.at(-1)!}/Conv0_up/weight`)) {
    sizes.push(2 * sizes.at(-1)!);
  }
  return sizes;
}

/** Reads the layers of a synthesis network. */
class Layers {
  private readonly variables: Variables;
  private readonly styleSize: number;
  private readonly up: Filter;
  private readonly activation: Activation;

  constructor(variables: Variables, styleSize: number, up: Filter, activation: Activation) {
    this.variables = variables;
    this.styleSize = styleSize;
    this.up = up;
    this.activation = activation;
  }

  /** Its noise is numbered as its w is. */
  conv(name: string, inputs: number, index: number, size: number, up: boolean, gain: number) {
    const { variables } = this;
    const outputs = variables.extent(`${name}/weight`, -1);
    const side = variables.extent(`${name}/weight`, 0);
    if (side % 2 !== 1) throw unknown(`The kernel of "${name}" is ${side} wide; Rewound knows odd widths.`);
    const { kind, gain: own, clamp } = this.activation;
    const conv: StyledConv = {
      ...this.styled(name, inputs, outputs, index, side, up),
      activation: { kind, gain: own * gain, clamp: clamp === null ? null : clamp * gain },
      up: up ? this.up : null,
      noise: variables.has(`${name}/noise_strength`)
        ? {
            strength: variables.tensor(`${name}/noise_strength`, []),
            constant: variables.optional(`synthesis/noise${index}`, [1, 1, size, size]),
          }
        : null,
    };
    return { conv, outputs };
  }

  toRgb(name: string, inputs: number, index: number, channels: number): Styled {
    const { clamp } = this.activation;
    return {
      ...this.styled(name, inputs, channels, index, 1, false),
      activation: { kind: 'linear', gain: 1, clamp },
    };
  }

  shortcut(name: string, inputs: number, outputs: number, gain: number): Shortcut {
    const tensor = outputsFirst(this.variables.tensor(`${name}/weight`, [1, 1, inputs, outputs]));
    return { weight: { tensor, gain: gain / Math.sqrt(inputs) }, up: this.up };
  }

  /** Where the image is doubled, TensorFlow correlates with the kernel and the graph convolves. */
  private styled(name: string, inputs: number, outputs: number, index: number, side: number, up: boolean) {
    const { variables } = this;
    return {
      index,
      style: variables.style(name, this.styleSize, inputs),
      styleGain: 1,
      weight: {
        tensor: outputsFirst(variables.tensor(`${name}/weight`, [side, side, inputs, outputs]), up),
        gain: 1 / Math.sqrt(side * side * inputs),
      },
      bias: variables.tensor(`${name}/bias`, [outputs]),
    };
  }
}
