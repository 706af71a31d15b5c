import type { SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';
import {
  filtered,
  filterSize,
  type Kernels,
  kernelsOf,
  mapPlanes,
  type Planes,
  padded,
  upfirdn,
  upsampled,
} from './upfirdn.ts';

/**
 * StyleGAN2's generator in float64, from the published formulas (Karras et al. 2018, 2019, 2020): weights modulated and
 * demodulated for each sample, images enlarged before they are convolved. Slow, and in another order than the graph.
 */

export interface ReferenceInputs {
  readonly z: readonly (readonly number[])[];
  readonly c?: readonly (readonly number[])[];
  readonly psi: number;
  readonly cutoff?: number;
  readonly noise?: boolean;
}

export function stylegan2Images(network: SavedModule, inputs: ReferenceInputs): Planes[] {
  const mapping = network.modules.get('mapping')!;
  const average = mapping.buffers.get('w_avg')!.floats();
  return inputs.z.map((z, n) => {
    const w = mapped(mapping, z, inputs.c?.[n]);
    const truncated = w.map((value, i) => average[i]! + inputs.psi * (value - average[i]!));
    const style = (index: number) => (index < (inputs.cutoff ?? Number.POSITIVE_INFINITY) ? truncated : w);
    return synthesised(network.modules.get('synthesis')!, style, inputs.noise ?? true);
  });
}

function synthesised(synthesis: SavedModule, style: (index: number) => readonly number[], noise: boolean): Planes {
  let x: Planes = [];
  let image: Planes | undefined;
  let index = 0;
  for (const size of synthesis.attributes.get('block_resolutions') as readonly number[]) {
    const block = synthesis.modules.get(`b${size}`)!;
    const { modules } = block;
    const constant = block.parameters.get('const');
    if (constant) x = kernelsOf({ ...constant, shape: [1, ...constant.shape] })[0]!;
    const skip = modules.get('skip');
    const kept = skip && shortcut(skip, x);
    if (modules.has('conv0')) x = synthesisLayer(modules.get('conv0')!, x, style(index++), noise, 1);
    x = synthesisLayer(modules.get('conv1')!, x, style(index++), noise, kept ? Math.SQRT1_2 : 1);
    if (kept) x = mapPlanes(x, (value, c, y, i) => value + kept[c]![y]![i]!);
    const before = image && upsampled(image, block.buffers.get('resample_filter')!);
    const rgb = modules.get('torgb');
    const part = rgb && toRgb(rgb, x, style(index));
    image = part && before ? mapPlanes(part, (value, c, y, i) => value + before[c]![y]![i]!) : (part ?? before);
  }
  return image!;
}

function numberOf(record: SavedModule, name: string): number {
  return record.attributes.get(name) as number;
}

function valuesOf(tensor: CheckpointTensor | undefined): Float32Array {
  return tensor!.floats();
}

/** y = f(gain (W x)) + ..., the equalised learning rate of Karras et al. 2018 applied as the layer runs. */
export function dense(layer: SavedModule, x: readonly number[]): number[] {
  const weight = valuesOf(layer.parameters.get('weight'));
  return [...valuesOf(layer.parameters.get('bias'))].map((bias, o) => {
    let y = bias * numberOf(layer, 'bias_gain');
    x.forEach((value, i) => {
      y += weight[o * x.length + i]! * numberOf(layer, 'weight_gain') * value;
    });
    return layer.attributes.get('activation') === 'lrelu' ? Math.SQRT2 * Math.max(y, 0.2 * y) : y;
  });
}

export function unit(x: readonly number[]): number[] {
  const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value) => value / Math.sqrt(mean + 1e-8));
}

export function mapped(mapping: SavedModule, z: readonly number[], c: readonly number[] | undefined): number[] {
  let x = unit(z);
  if (c) x = [...x, ...unit(dense(mapping.modules.get('embed')!, c))];
  for (let i = 0; i < numberOf(mapping, 'num_layers'); i++) x = dense(mapping.modules.get(`fc${i}`)!, x);
  return x;
}

/** Weights of one sample: scaled by its style, and so that outputs have a variance of one (equations 1 and 3). */
export function modulated(weight: CheckpointTensor, style: readonly number[], demodulate: boolean, gain = 1): Kernels {
  return kernelsOf(weight).map((kernel) => {
    const scaled = kernel.map((plane, i) => plane.map((row) => row.map((value) => value * gain * style[i]!)));
    const energy = scaled.flat(2).reduce((sum, value) => sum + value * value, 0);
    const factor = demodulate ? 1 / Math.sqrt(energy + 1e-8) : 1;
    return scaled.map((plane) => plane.map((row) => row.map((value) => value * factor)));
  });
}

/** Twice as large, then convolved: filter and padding in one step, as conv2d_resample defines it. */
export function enlargedConvolution(x: Planes, kernels: Kernels, filter: CheckpointTensor, gain = 4): Planes {
  const half = Math.floor(kernels[0]![0]!.length / 2);
  const [width, height] = filterSize(filter);
  const before = (taps: number) => half + Math.floor((taps + 1) / 2);
  const after = (taps: number) => half + Math.floor((taps - 2) / 2);
  return filtered(
    upfirdn(x, filter, 2, [before(width), after(width), before(height), after(height)], gain),
    kernels,
    true,
  );
}

const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  lrelu: (x) => (x < 0 ? 0.2 * x : x),
};

function synthesisLayer(layer: SavedModule, x: Planes, w: readonly number[], noise: boolean, gain: number): Planes {
  const kernels = modulated(layer.parameters.get('weight')!, dense(layer.modules.get('affine')!, w), true);
  const up = numberOf(layer, 'up') === 2;
  const y = up
    ? enlargedConvolution(x, kernels, layer.buffers.get('resample_filter')!)
    : filtered(padded(x, numberOf(layer, 'padding')), kernels, false);
  const bias = valuesOf(layer.parameters.get('bias'));
  const constant = layer.buffers.get('noise_const')?.floats();
  const strength = noise ? (layer.parameters.get('noise_strength')?.floats()[0] ?? 0) : 0;
  const size = y[0]!.length;
  const f = ACTIVATIONS[layer.attributes.get('activation') as string]!;
  const clamp = layer.attributes.get('conv_clamp') as number | null;
  return mapPlanes(y, (value, c, row, column) => {
    const sum = value + strength * (constant?.[row * size + column] ?? 0) + bias[c]!;
    return clamped(f(sum) * numberOf(layer, 'act_gain') * gain, clamp === null ? null : clamp * gain);
  });
}

function toRgb(layer: SavedModule, x: Planes, w: readonly number[]): Planes {
  const gain = numberOf(layer, 'weight_gain');
  const style = dense(layer.modules.get('affine')!, w).map((value) => value * gain);
  const y = filtered(x, modulated(layer.parameters.get('weight')!, style, false), false);
  const bias = valuesOf(layer.parameters.get('bias'));
  return mapPlanes(y, (value, c) => clamped(value + bias[c]!, layer.attributes.get('conv_clamp') as number | null));
}

function shortcut(layer: SavedModule, x: Planes): Planes {
  const gain = numberOf(layer, 'weight_gain') * Math.SQRT1_2;
  const kernels = kernelsOf(layer.parameters.get('weight')!).map((kernel) =>
    kernel.map((plane) => plane.map((row) => row.map((value) => value * gain))),
  );
  return filtered(upsampled(x, layer.buffers.get('resample_filter')!), kernels, false);
}

function clamped(value: number, limit: number | null): number {
  return limit === null ? value : Math.min(Math.max(value, -limit), limit);
}
