import type { PlainValue, SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';
import { RandomTensors, recordOf, tensorOf } from './records.ts';

export interface Stylegan2Options {
  readonly architecture?: 'skip' | 'resnet' | 'orig';
  readonly resolution?: number;
  readonly classes?: number;
  readonly latentSize?: number;
  readonly styleSize?: number;
  readonly mappingLayers?: number;
  /** Channels at 4 pixels; one fewer at each doubling. */
  readonly channels?: number;
  readonly imageChannels?: number;
  readonly clamp?: number | null;
  /** The filter of every resampling, [taps] or [taps, taps]; random and without symmetry by default. */
  readonly filter?: CheckpointTensor;
  readonly useNoise?: boolean;
  readonly activation?: 'lrelu' | 'relu' | 'linear';
  readonly half?: boolean;
  readonly seed?: number;
}

/** A G_ema of StyleGAN2 with random weights and everything that an untrained one has as zero or one filled too. */
export function stylegan2Record(options: Stylegan2Options = {}): SavedModule {
  const { architecture = 'skip', resolution = 16, classes = 0, latentSize = 6, styleSize = 7 } = options;
  const { mappingLayers = 2, channels = 6, imageChannels = 3, clamp = null, useNoise = true } = options;
  const { activation = 'lrelu', half = false, seed = 1 } = options;
  const random = new RandomTensors(seed);
  const filter = options.filter ?? random.filter([4, 4]);

  const dense = (inputs: number, outputs: number, kind: 'linear' | 'lrelu', rate: number, bias: number) =>
    recordOf('FullyConnectedLayer', {
      parameters: {
        weight: random.normal([outputs, inputs], 1 / rate),
        bias: random.normal([outputs], 0.2 / rate, bias),
      },
      attributes: { activation: kind, weight_gain: rate / Math.sqrt(inputs), bias_gain: rate },
    });

  const conv = (inputs: number, outputs: number, size: number, up: 1 | 2) =>
    recordOf('SynthesisLayer', {
      parameters: {
        weight: random.normal([outputs, inputs, 3, 3]),
        bias: random.normal([outputs], 0.3),
        ...(useNoise ? { noise_strength: tensorOf([], [0.3]) } : {}),
      },
      buffers: { resample_filter: filter, ...(useNoise ? { noise_const: random.normal([size, size]) } : {}) },
      modules: { affine: dense(styleSize, inputs, 'linear', 1, 1) },
      attributes: {
        in_channels: inputs,
        out_channels: outputs,
        resolution: size,
        up,
        use_noise: useNoise,
        activation,
        conv_clamp: clamp,
        padding: 1,
        act_gain: activation === 'linear' ? 1 : Math.SQRT2,
      },
    });

  const toRgb = (inputs: number) =>
    recordOf('ToRGBLayer', {
      parameters: { weight: random.normal([imageChannels, inputs, 1, 1]), bias: random.normal([imageChannels], 0.3) },
      modules: { affine: dense(styleSize, inputs, 'linear', 1, 1) },
      attributes: { conv_clamp: clamp, weight_gain: 1 / Math.sqrt(inputs) },
    });

  const shortcut = (inputs: number, outputs: number) =>
    recordOf('Conv2dLayer', {
      parameters: { weight: random.normal([outputs, inputs, 1, 1]) },
      buffers: { resample_filter: filter },
      attributes: {
        activation: 'linear',
        up: 2,
        down: 1,
        conv_clamp: null,
        padding: 0,
        weight_gain: 1 / Math.sqrt(inputs),
        act_gain: 1,
      },
    });

  const sizes = Array.from({ length: Math.log2(resolution) - 1 }, (_, i) => 4 * 2 ** i);
  const blocks: Record<string, SavedModule> = {};
  sizes.forEach((size, i) => {
    const [inputs, outputs] = [channels - i + 1, channels - i];
    const modules: Record<string, SavedModule> = {};
    if (i > 0) modules.conv0 = conv(inputs, outputs, size, 2);
    modules.conv1 = conv(outputs, outputs, size, 1);
    if (architecture === 'skip' || size === resolution) modules.torgb = toRgb(outputs);
    if (architecture === 'resnet' && i > 0) modules.skip = shortcut(inputs, outputs);
    blocks[`b${size}`] = recordOf('SynthesisBlock', {
      parameters: i === 0 ? { const: random.normal([outputs, 4, 4]) } : {},
      buffers: { resample_filter: filter },
      modules,
      attributes: { architecture, use_fp16: half && i > 0, is_last: size === resolution, resolution: size },
    });
  });

  const embed = classes > 0 ? { embed: dense(classes, styleSize, 'linear', 1, 0) } : {};
  const layers = Array.from({ length: mappingLayers }, (_, i) => {
    const inputs = i > 0 ? styleSize : latentSize + (classes > 0 ? styleSize : 0);
    return [`fc${i}`, dense(inputs, styleSize, 'lrelu', 0.01, 0)] as const;
  });
  const shared: Record<string, PlainValue> = { w_dim: styleSize, num_ws: 2 * sizes.length };
  return recordOf('Generator', {
    modules: {
      synthesis: recordOf('SynthesisNetwork', {
        modules: blocks,
        attributes: {
          ...shared,
          img_resolution: resolution,
          img_channels: imageChannels,
          block_resolutions: sizes,
        },
      }),
      mapping: recordOf('MappingNetwork', {
        buffers: { w_avg: random.normal([styleSize], 0.5) },
        modules: { ...embed, ...Object.fromEntries(layers) },
        attributes: { ...shared, z_dim: latentSize, c_dim: classes, num_layers: mappingLayers, w_avg_beta: 0.995 },
      }),
    },
    attributes: { ...shared, z_dim: latentSize, c_dim: classes, img_resolution: resolution },
  });
}

/** The tensors of a network by their full names, as `state_dict()` gives them. */
export function stateDictOf(record: SavedModule, path = ''): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  const named = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const [name, tensor] of [...record.parameters, ...record.buffers]) tensors.set(named(name), tensor);
  for (const [name, child] of record.modules)
    for (const [inner, tensor] of stateDictOf(child, named(name))) tensors.set(inner, tensor);
  return tensors;
}
