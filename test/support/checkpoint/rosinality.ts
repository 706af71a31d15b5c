import type { CheckpointTensor, StateDict } from '../../../shared/checkpoint/formats/tensor.ts';
import { RandomTensors } from './records.ts';
import { enlargedConvolution, modulated, unit } from './stylegan2-reference.ts';
import { filtered, kernelsOf, mapPlanes, type Planes, padded, upsampled } from './upfirdn.ts';

const STYLE = 7;
const MAPPING = 3;
const CHANNELS = [6, 5, 4];

/** A `g_ema` of rosinality's StyleGAN2 of 16 x 16 pixels with random weights. */
export function rosinalityDict(seed = 1): Map<string, CheckpointTensor> {
  const random = new RandomTensors(seed);
  const dict = new Map<string, CheckpointTensor>();
  // Stored times 4, as enlarging takes it.
  const filter = random.filter([4, 4]).floats();
  const kernel: CheckpointTensor = { type: 'float32', shape: [4, 4], floats: () => filter.map((value) => 4 * value) };
  for (let i = 1; i <= MAPPING; i++) {
    dict.set(`style.${i}.weight`, random.normal([STYLE, STYLE], 100));
    dict.set(`style.${i}.bias`, random.normal([STYLE], 20));
  }
  dict.set('input.input', random.normal([1, CHANNELS[0]!, 4, 4]));
  const modulatedConv = (name: string, inputs: number, outputs: number, size: number) => {
    dict.set(`${name}.weight`, random.normal([1, outputs, inputs, size, size]));
    dict.set(`${name}.modulation.weight`, random.normal([inputs, STYLE]));
    dict.set(`${name}.modulation.bias`, random.normal([inputs], 0.2, 1));
  };
  const conv = (name: string, inputs: number, outputs: number, up: boolean) => {
    modulatedConv(`${name}.conv`, inputs, outputs, 3);
    if (up) dict.set(`${name}.conv.blur.kernel`, kernel);
    dict.set(`${name}.noise.weight`, random.normal([1], 0.1, 0.3));
    dict.set(`${name}.activate.bias`, random.normal([outputs], 0.3));
  };
  const toRgb = (name: string, inputs: number) => {
    modulatedConv(`${name}.conv`, inputs, 3, 1);
    dict.set(`${name}.bias`, random.normal([1, 3, 1, 1], 0.3));
  };
  conv('conv1', CHANNELS[0]!, CHANNELS[0]!, false);
  toRgb('to_rgb1', CHANNELS[0]!);
  for (let i = 0; i < 2; i++) {
    const [inputs, outputs] = [CHANNELS[i]!, CHANNELS[i + 1]!];
    conv(`convs.${2 * i}`, inputs, outputs, true);
    conv(`convs.${2 * i + 1}`, outputs, outputs, false);
    toRgb(`to_rgbs.${i}`, outputs);
    dict.set(`to_rgbs.${i}.upsample.kernel`, kernel);
  }
  [4, 8, 8, 16, 16].forEach((size, i) => {
    dict.set(`noises.noise_${i}`, random.normal([1, 1, size, size]));
  });
  return dict;
}

/** Its image in float64, from the published formulas, towards `average` by `psi`. */
export function rosinalityImage(
  dict: StateDict,
  z: readonly number[],
  average: readonly number[],
  psi: number,
): Planes {
  const values = (name: string) => [...dict.get(name)!.floats()];
  const dense = (name: string, x: readonly number[], rate: number) => {
    const weight = values(`${name}.weight`);
    return values(`${name}.bias`).map((bias, o) =>
      x.reduce((sum, value, i) => sum + (weight[o * x.length + i]! * rate * value) / Math.sqrt(x.length), bias * rate),
    );
  };
  const lrelu = (x: number) => Math.SQRT2 * Math.max(x, 0.2 * x);
  let w = unit(z);
  for (let i = 1; i <= MAPPING; i++) w = dense(`style.${i}`, w, 0.01).map(lrelu);
  w = w.map((value, i) => average[i]! + psi * (value - average[i]!));

  const kernels = (name: string, demodulate: boolean) => {
    const weight = dict.get(`${name}.weight`)!;
    const fanIn = weight.shape.slice(2).reduce((product, extent) => product * extent, 1);
    return modulated(weight, dense(`${name}.modulation`, w, 1), demodulate, 1 / Math.sqrt(fanIn));
  };
  const conv = (name: string, x: Planes, layer: number) => {
    const filter = dict.get(`${name}.conv.blur.kernel`);
    const weights = kernels(`${name}.conv`, true);
    const y = filter ? enlargedConvolution(x, weights, filter, 1) : filtered(padded(x, 1), weights, false);
    const noise = values(`noises.noise_${layer}`);
    const strength = values(`${name}.noise.weight`)[0]!;
    const bias = values(`${name}.activate.bias`);
    return mapPlanes(y, (value, c, row, i) => lrelu(value + strength * noise[row * y[0]!.length + i]! + bias[c]!));
  };
  const toRgb = (name: string, x: Planes, before: Planes | undefined) => {
    const bias = values(`${name}.bias`);
    const kept = before && upsampled(before, dict.get(`${name}.upsample.kernel`)!, 1);
    const y = filtered(x, kernels(`${name}.conv`, false), false);
    return mapPlanes(y, (value, c, row, i) => value + bias[c]! + (kept?.[c]?.[row]?.[i] ?? 0));
  };
  let x = conv('conv1', kernelsOf(dict.get('input.input')!)[0]!, 0);
  let image = toRgb('to_rgb1', x, undefined);
  for (let i = 0; i < 2; i++) {
    x = conv(`convs.${2 * i}`, x, 2 * i + 1);
    x = conv(`convs.${2 * i + 1}`, x, 2 * i + 2);
    image = toRgb(`to_rgbs.${i}`, x, image);
  }
  return image;
}
