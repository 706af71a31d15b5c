import type { CheckpointTensor, StateDict } from '../../../shared/checkpoint/formats/tensor.ts';
import { RandomTensors } from './records.ts';
import { filtered, grid, kernelsOf, mapPlanes, type Planes, padded } from './upfirdn.ts';

/** A Progressive GAN generator with random weights, by the names of pytorch_GAN_zoo. */
export function pganDict({
  latentSize = 5,
  widths = [16, 12, 10],
  channels = 3,
  seed = 1,
} = {}): Map<string, CheckpointTensor> {
  const random = new RandomTensors(seed);
  const dict = new Map<string, CheckpointTensor>();
  const layer = (name: string, shape: readonly number[]) => {
    dict.set(`${name}.module.weight`, random.normal(shape));
    dict.set(`${name}.module.bias`, random.normal([shape[0]!]));
  };
  layer('formatLayer', [widths[0]! * 16, latentSize]);
  layer('groupScale0.0', [widths[0]!, widths[0]!, 3, 3]);
  widths.forEach((width, i) => {
    layer(`toRGBLayers.${i}`, [channels, width, 1, 1]);
    if (i === 0) return;
    layer(`scaleLayers.${i - 1}.0`, [width, widths[i - 1]!, 3, 3]);
    layer(`scaleLayers.${i - 1}.1`, [width, width, 3, 3]);
  });
  return dict;
}

/** Its image in float64, from the formulas of Karras et al. 2018. */
export function pganImage(dict: StateDict, z: readonly number[], { slope = 0.2, equalised = true } = {}): Planes {
  const scales = [...dict.keys()].filter((name) => /^toRGBLayers.\d+.module.weight$/.test(name)).length;
  const layer = (x: Planes, name: string): Planes => {
    const stored = dict.get(`${name}.module.weight`)!;
    // A fully connected layer is a convolution of one pixel.
    const weight = { ...stored, shape: stored.shape.length === 2 ? [...stored.shape, 1, 1] : stored.shape };
    const bias = dict.get(`${name}.module.bias`)!.floats();
    const [, inputs, side] = weight.shape as readonly [number, number, number];
    const constant = equalised ? Math.sqrt(2 / (inputs * side * side)) : 1;
    const sums = filtered(padded(x, (side - 1) / 2), kernelsOf(weight), false);
    return mapPlanes(sums, (value, c) => (value + bias[c]!) * constant);
  };
  const unit = (x: Planes): Planes =>
    mapPlanes(x, (value, _, y, column) => {
      const mean = x.reduce((sum, plane) => sum + plane[y]![column]! ** 2, 0) / x.length;
      return value / Math.sqrt(mean + 1e-8);
    });
  const bent = (x: Planes) => unit(mapPlanes(x, (value) => (value < 0 ? slope * value : value)));

  const latent = unit(z.map((value) => [[value]]));
  const flat = layer(latent, 'formatLayer');
  let x = bent(
    Array.from({ length: flat.length / 16 }, (_, c) =>
      grid(4, 4, (y, column) => flat[c * 16 + y * 4 + column]![0]![0]!),
    ),
  );
  x = bent(layer(x, 'groupScale0.0'));
  for (let i = 0; i < scales - 1; i++) {
    const small = x;
    x = small.map((plane) =>
      grid(plane.length * 2, plane.length * 2, (y, column) => plane[Math.floor(y / 2)]![Math.floor(column / 2)]!),
    );
    for (const name of [`scaleLayers.${i}.0`, `scaleLayers.${i}.1`]) x = bent(layer(x, name));
  }
  return layer(x, `toRGBLayers.${scales - 1}`);
}
