import type { Py } from './pickler.ts';
import { RandomTensors } from './records.ts';
import type { SavedTensorFlowNetwork } from './tensorflow-writer.ts';

export type Variables = Readonly<Record<string, { readonly shape: readonly number[]; readonly values: number[] }>>;

export interface TensorFlowOptions {
  /** How blocks are connected; 'revised' is the synthesis network that grew. */
  readonly architecture?: 'skip' | 'resnet' | 'orig' | 'revised';
  readonly resolution?: number;
  /** Of a class label, joined as stylegan2 does or embedded as stylegan2-ada does. */
  readonly classes?: number;
  readonly ada?: boolean;
  readonly useNoise?: boolean;
  readonly imageChannels?: number;
  readonly settings?: Readonly<Record<string, Py>>;
  /** Of the mapping's learning rate, for weights of a useful size. */
  readonly rate?: number;
  readonly seed?: number;
}

const [LATENT, STYLE, MAPPING] = [6, 7, 2];

/** A Gs of NVlabs' stylegan2 or stylegan2-ada for TensorFlow with random weights, by the names of its variables. */
export function tensorFlowStylegan2(options: TensorFlowOptions = {}): SavedTensorFlowNetwork {
  const { architecture = 'skip', resolution = 16, classes = 0, ada = false, useNoise = true } = options;
  const { imageChannels = 3, rate = 0.01, seed = 1, settings = {} } = options;
  const random = new RandomTensors(seed);
  const variable = (shape: readonly number[], scale = 1, mean = 0) => ({
    shape,
    values: [...random.normal(shape, scale, mean).floats()],
  });
  const mapping: Record<string, Variables[string]> = {};
  let inputs = LATENT;
  if (classes > 0 && ada) {
    mapping['LabelEmbed/weight'] = variable([classes, LATENT]);
    mapping['LabelEmbed/bias'] = variable([LATENT], 0.3);
  } else if (classes > 0) mapping['LabelConcat/weight'] = variable([classes, LATENT]);
  if (classes > 0) inputs += LATENT;
  for (let i = 0; i < MAPPING; i++) {
    mapping[`Dense${i}/weight`] = variable([inputs, STYLE], 1 / rate);
    mapping[`Dense${i}/bias`] = variable([STYLE], 0.2 / rate);
    inputs = STYLE;
  }

  const synthesis: Record<string, Variables[string]> = {};
  const conv = (name: string, from: number, to: number, side: number) => {
    synthesis[`${name}/weight`] = variable([side, side, from, to]);
    synthesis[`${name}/mod_weight`] = variable([STYLE, from]);
    synthesis[`${name}/mod_bias`] = variable([from], 0.2);
    synthesis[`${name}/bias`] = variable([to], 0.3);
    if (useNoise && side === 3) synthesis[`${name}/noise_strength`] = variable([], 0.1, 0.3);
  };
  const levels = Math.log2(resolution) - 1;
  const channels = (level: number) => 6 - level;
  synthesis['4x4/Const/const'] = variable([1, channels(0), 4, 4]);
  if (architecture === 'revised') synthesis.lod = variable([], 0);
  for (let level = 0; level < levels; level++) {
    const size = 4 * 2 ** level;
    const scope = `${size}x${size}`;
    const to = channels(level);
    if (level === 0) conv(`${scope}/Conv`, to, to, 3);
    else {
      conv(`${scope}/Conv0_up`, channels(level - 1), to, 3);
      conv(`${scope}/Conv1`, to, to, 3);
      if (architecture === 'resnet') synthesis[`${scope}/Skip/weight`] = variable([1, 1, channels(level - 1), to]);
    }
    const rgb = architecture === 'revised' ? `ToRGB_lod${levels - 1 - level}` : `${scope}/ToRGB`;
    if (architecture === 'skip' || architecture === 'revised' || level === levels - 1) conv(rgb, to, imageChannels, 1);
    for (const layer of level === 0 ? [0] : [2 * level - 1, 2 * level]) {
      if (useNoise) synthesis[`noise${layer}`] = variable([1, 1, size, size]);
    }
  }
  const all: Readonly<Record<string, Py>> = {
    num_channels: imageChannels,
    resolution,
    label_size: classes,
    ...(architecture === 'revised' ? { synthesis_func: 'G_synthesis_stylegan_revised' } : { architecture }),
    ...settings,
  };
  const made = ada ? 'G_synthesis' : 'G_synthesis_stylegan2';
  return {
    name: 'Gs',
    builtBy: 'G_main',
    plain: true,
    settings: all,
    variables: { ...(ada ? {} : { lod: variable([], 0) }), dlatent_avg: variable([STYLE], 0.5) },
    components: {
      synthesis: {
        name: 'G_synthesis',
        builtBy: architecture === 'revised' ? 'G_synthesis_stylegan_revised' : made,
        plain: true,
        settings: all,
        variables: synthesis,
      },
      mapping: {
        name: 'G_mapping',
        builtBy: 'G_mapping',
        plain: true,
        settings: { dlatent_broadcast: 2 * levels, ...all },
        variables: mapping,
      },
    },
  };
}

/** A D, as far as it is looked at. */
export const DISCRIMINATOR: SavedTensorFlowNetwork = {
  name: 'D',
  builtBy: 'D_stylegan2',
  plain: true,
  settings: { resolution: 16 },
  variables: { '4x4/Dense0/bias': { shape: [2], values: [1, 2] } },
};

/** Variables of a network and its components, by 'mapping/...' and 'synthesis/...'. */
export function variablesOf({ variables, components = {} }: SavedTensorFlowNetwork): Map<string, Variables[string]> {
  const entries = Object.entries(components).flatMap(([part, one]) =>
    Object.entries(one.variables).map(([name, value]) => [`${part}/${name}`, value] as const),
  );
  return new Map(
    [...Object.entries(variables), ...entries].map(([name, { shape, values }]) => [
      name,
      { shape, values: [...values] },
    ]),
  );
}
