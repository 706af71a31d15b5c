import type { SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import { RandomTensors, recordOf, tensorOf } from './records.ts';

export interface Stylegan3Options {
  readonly config: 'T' | 'R';
  readonly resolution?: number;
  readonly layers?: number;
  readonly classes?: number;
  readonly latentSize?: number;
  readonly styleSize?: number;
  /** Channels at most. */
  readonly channels?: number;
  readonly imageChannels?: 1 | 3;
  readonly marginSize?: number;
  readonly clamp?: number | null;
  /** Taps of a filter for each step of its factor. */
  readonly filterSize?: number;
  readonly mappingLayers?: number;
  readonly seed?: number;
  /** Rotation, shift and scale as the user of a network may set them. */
  readonly transform?: readonly number[];
}

/**
 * A G_ema of StyleGAN3 with random weights. Its layers follow the schedule of Karras et al. 2021, section 3.2:
 * cutoffs in geometric progression, the last two layers critically sampled.
 */
export function stylegan3Record(options: Stylegan3Options): SavedModule {
  const { config, resolution = 16, layers = 4, classes = 0, latentSize = 6, styleSize = 8, channels = 8 } = options;
  const { imageChannels = 3, marginSize = 4, clamp = 256, filterSize = 3, mappingLayers = 2, seed = 1 } = options;
  const random = new RandomTensors(seed);
  const kernel = config === 'R' ? 1 : 3;
  const critical = 2;

  const dense = (inputs: number, outputs: number, activation: 'linear' | 'lrelu', rate: number, bias: number) =>
    recordOf('FullyConnectedLayer', {
      parameters: {
        weight: random.normal([outputs, inputs], 1 / rate),
        bias: random.normal([outputs], 0.2, bias),
      },
      attributes: {
        in_features: inputs,
        out_features: outputs,
        activation,
        weight_gain: rate / Math.sqrt(inputs),
        bias_gain: rate,
      },
    });

  const schedule = Array.from({ length: layers + 1 }, (_, i) => {
    const share = Math.min(i / (layers - critical), 1);
    const between = (first: number, last: number) => first * (last / first) ** share;
    const cutoff = between(2, resolution / 2);
    const stopband = between(2 ** 2.1, (resolution / 2) * 2 ** 0.3);
    const rate = 2 ** Math.ceil(Math.log2(Math.min(stopband * 2, resolution)));
    const size = i >= layers - 1 ? resolution : rate + 2 * marginSize;
    return { cutoff, rate, size, channels: i === layers ? imageChannels : Math.max(channels - i, 2) };
  });

  const modules: Record<string, SavedModule> = {};
  const first = schedule[0]!;
  modules.input = recordOf('SynthesisInput', {
    parameters: { weight: random.normal([first.channels, first.channels]) },
    buffers: {
      transform: tensorOf([3, 3], options.transform ?? [1, 0, 0, 0, 1, 0, 0, 0, 1]),
      freqs: random.normal([first.channels, 2], first.cutoff / 1.5),
      phases: random.normal([first.channels], 0.3),
    },
    modules: { affine: dense(styleSize, 4, 'linear', 1, 0.5) },
    attributes: {
      w_dim: styleSize,
      channels: first.channels,
      size: [first.size, first.size],
      sampling_rate: first.rate,
      bandwidth: first.cutoff,
    },
  });

  for (let i = 0; i <= layers; i++) {
    const before = schedule[Math.max(i - 1, 0)]!;
    const after = schedule[i]!;
    const toRgb = i === layers;
    const between = Math.max(before.rate, after.rate) * (toRgb ? 1 : 2);
    const up = between / before.rate;
    const down = between / after.rate;
    const upTaps = up > 1 && !toRgb ? filterSize * up : 1;
    const downTaps = down > 1 && !toRgb ? filterSize * down : 1;
    const size = toRgb ? 1 : kernel;
    const radial = config === 'R' && i < layers - critical;
    const total = (after.size - 1) * down + 1 - (before.size + size - 1) * up + upTaps + downTaps - 2;
    const low = Math.floor((total + up) / 2);
    modules[`L${i}_${after.size}_${after.channels}`] = recordOf('SynthesisLayer', {
      parameters: {
        weight: random.normal([after.channels, before.channels, size, size]),
        bias: random.normal([after.channels], 0.3),
      },
      buffers: {
        magnitude_ema: tensorOf([], [0.7 + 0.1 * i]),
        ...(upTaps > 1 ? { up_filter: random.filter([upTaps]) } : {}),
        ...(downTaps > 1 ? { down_filter: random.filter(radial ? [downTaps, downTaps] : [downTaps]) } : {}),
      },
      modules: { affine: dense(styleSize, before.channels, 'linear', 1, 1) },
      attributes: {
        is_torgb: toRgb,
        is_critically_sampled: i >= layers - critical,
        use_fp16: i > 1,
        in_channels: before.channels,
        out_channels: after.channels,
        in_size: [before.size, before.size],
        out_size: [after.size, after.size],
        conv_kernel: size,
        conv_clamp: clamp,
        up_factor: up,
        up_taps: upTaps,
        down_factor: down,
        down_taps: downTaps,
        down_radial: radial,
        padding: [low, total - low, low, total - low],
      },
    });
  }
  const names = Object.keys(modules).filter((name) => name !== 'input');

  const mapping: Record<string, SavedModule> = {};
  if (classes > 0) mapping.embed = dense(classes, styleSize, 'linear', 1, 0);
  for (let i = 0; i < mappingLayers; i++) {
    const inputs = i > 0 ? styleSize : latentSize + (classes > 0 ? styleSize : 0);
    mapping[`fc${i}`] = dense(inputs, styleSize, 'lrelu', 0.01, 0);
  }
  return recordOf('Generator', {
    modules: {
      mapping: recordOf('MappingNetwork', {
        modules: mapping,
        buffers: { w_avg: random.normal([styleSize], 0.5) },
        attributes: {
          z_dim: latentSize,
          c_dim: classes,
          w_dim: styleSize,
          num_ws: names.length + 1,
          num_layers: mappingLayers,
          w_avg_beta: 0.998,
        },
      }),
      synthesis: recordOf('SynthesisNetwork', {
        modules,
        attributes: {
          w_dim: styleSize,
          num_ws: names.length + 1,
          img_resolution: resolution,
          img_channels: imageChannels,
          output_scale: 0.25,
          layer_names: names,
        },
      }),
    },
    attributes: { z_dim: latentSize, c_dim: classes, w_dim: styleSize, img_resolution: resolution },
  });
}
