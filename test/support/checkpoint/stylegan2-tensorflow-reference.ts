import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';
import { tensorOf } from './records.ts';
import { unit } from './stylegan2-reference.ts';
import { variablesOf } from './stylegan2-tensorflow.ts';
import type { SavedTensorFlowNetwork } from './tensorflow-writer.ts';
import { grid, mapPlanes, type Planes, upfirdn } from './upfirdn.ts';

/**
 * StyleGAN2's generator in float64, as github.com/NVlabs/stylegan2 and stylegan2-ada define it: kernels [height, width,
 * in, out], of which TensorFlow's conv2d correlates, and of which upsample_conv_2d turns those of a conv2d_transpose.
 */

export interface TensorFlowInputs {
  readonly z: readonly number[];
  readonly c?: readonly number[];
  readonly psi: number;
  readonly noise?: boolean;
}

/** What the settings say, the defaults of the functions otherwise. */
export interface TensorFlowSettings {
  readonly filter?: readonly number[] | readonly (readonly number[])[];
  readonly activation?: 'lrelu' | 'relu' | 'linear';
  readonly mappingActivation?: 'lrelu' | 'linear';
  readonly rate?: number;
  readonly normalise?: boolean;
  readonly clamp?: number;
  readonly joined?: boolean;
}

export function tensorFlowImage(
  network: SavedTensorFlowNetwork,
  inputs: TensorFlowInputs,
  settings: TensorFlowSettings = {},
): Planes {
  const all = variablesOf(network);
  const { activation = 'lrelu', mappingActivation = 'lrelu', rate = 0.01, normalise = true } = settings;
  const clamp = settings.clamp ?? Number.POSITIVE_INFINITY;
  const has = (name: string) => all.has(name);
  const get = (name: string) => {
    const found = all.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  const act = {
    lrelu: (x: number) => Math.SQRT2 * Math.max(x, 0.2 * x),
    relu: (x: number) => Math.SQRT2 * Math.max(x, 0),
    linear: (x: number) => x,
  };
  /** x W, W scaled by lrmul / sqrt(fan in). */
  const dense = (x: readonly number[], name: string, multiplier: number) => {
    const { shape, values } = get(name);
    const [rows, columns] = shape as readonly [number, number];
    const coefficient = multiplier / Math.sqrt(rows);
    return Array.from({ length: columns }, (_, o) =>
      x.reduce((sum, value, i) => sum + value * values[i * columns + o]! * coefficient, 0),
    );
  };

  // Mapping.
  let w = [...inputs.z];
  if (has('mapping/LabelConcat/weight')) {
    const { shape, values } = get('mapping/LabelConcat/weight');
    const [rows, columns] = shape as readonly [number, number];
    for (let o = 0; o < columns; o++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += inputs.c![i]! * values[i * columns + o]!;
      w.push(sum);
    }
    if (normalise) w = unit(w);
  } else {
    if (normalise) w = unit(w);
    if (has('mapping/LabelEmbed/weight')) {
      const bias = get('mapping/LabelEmbed/bias').values;
      w.push(...unit(dense(inputs.c!, 'mapping/LabelEmbed/weight', 1).map((value, o) => value + bias[o]!)));
    }
  }
  for (let i = 0; has(`mapping/Dense${i}/weight`); i++) {
    const bias = get(`mapping/Dense${i}/bias`).values;
    const sums = dense(w, `mapping/Dense${i}/weight`, rate);
    w = sums.map((value, o) => act[mappingActivation](value + bias[o]! * rate));
  }
  const average = get('dlatent_avg').values;
  w = w.map((value, i) => average[i]! + (value - average[i]!) * inputs.psi);

  // Synthesis.
  const filter = normalisedFilter(settings.filter ?? [1, 3, 3, 1]);
  const kernelOf = (name: string): Kernel => {
    const { shape, values } = get(name);
    const [side, , from, to] = shape as readonly [number, number, number, number];
    const coefficient = 1 / Math.sqrt(side * side * from);
    const at = (y: number, x: number, i: number, o: number) =>
      values[((y * side + x) * from + i) * to + o]! * coefficient;
    return { side, from, to, at };
  };
  const modulated = (name: string, demodulate: boolean): Kernel => {
    const kernel = kernelOf(`${name}/weight`);
    const bias = get(`${name}/mod_bias`).values;
    const style = dense(w, `${name}/mod_weight`, 1).map((value, i) => value + bias[i]! + 1);
    const { side, from, to } = kernel;
    const scales = Array.from({ length: to }, (_, o) => {
      let energy = 0;
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          for (let i = 0; i < from; i++) energy += (kernel.at(y, x, i, o) * style[i]!) ** 2;
      return demodulate ? 1 / Math.sqrt(energy + 1e-8) : 1;
    });
    return { ...kernel, at: (y, x, i, o) => kernel.at(y, x, i, o) * style[i]! * scales[o]! };
  };
  const clamped = (x: number) => Math.min(Math.max(x, -clamp), clamp);
  const layer = (x: Planes, name: string, index: number, up: boolean): Planes => {
    const kernel = modulated(name, true);
    const y = up ? upsampleConv(x, kernel, filter) : same(x, kernel);
    const size = y[0]!.length;
    const bias = get(`${name}/bias`).values;
    const noisy = (inputs.noise ?? true) && has(`${name}/noise_strength`);
    const strength = noisy ? get(`${name}/noise_strength`).values[0]! : 0;
    const plane = noisy ? get(`synthesis/noise${index}`).values : [];
    return mapPlanes(y, (value, c, row, column) =>
      clamped(act[activation](value + (noisy ? plane[row * size + column]! * strength : 0) + bias[c]!)),
    );
  };
  const toRgb = (x: Planes, name: string): Planes => {
    const bias = get(`${name}/bias`).values;
    return mapPlanes(same(x, modulated(name, false)), (value, c) => clamped(value + bias[c]!));
  };
  const plus = (a: Planes, b: Planes) => mapPlanes(a, (value, c, y, x) => value + b[c]![y]![x]!);

  const constant = get('synthesis/4x4/Const/const');
  let x: Planes = Array.from({ length: constant.shape[1]! }, (_, c) =>
    grid(4, 4, (row, column) => constant.values[c * 16 + row * 4 + column]!),
  );
  x = layer(x, 'synthesis/4x4/Conv', 0, false);
  let image = has('synthesis/4x4/ToRGB/weight') ? toRgb(x, 'synthesis/4x4/ToRGB') : undefined;
  for (let level = 3; has(`synthesis/${2 ** level}x${2 ** level}/Conv1/weight`); level++) {
    const scope = `synthesis/${2 ** level}x${2 ** level}`;
    const before = x;
    x = layer(x, `${scope}/Conv0_up`, level * 2 - 5, true);
    x = layer(x, `${scope}/Conv1`, level * 2 - 4, false);
    if (has(`${scope}/Skip/weight`)) {
      const passed = upsampleConv(before, kernelOf(`${scope}/Skip/weight`), filter);
      x = mapPlanes(plus(x, passed), (value) => value / Math.SQRT2);
    }
    if (image) image = upsample(image, filter);
    if (has(`${scope}/ToRGB/weight`)) {
      const part = toRgb(x, `${scope}/ToRGB`);
      image = image ? plus(image, part) : part;
    }
  }
  // Of the network that grew, when it has grown.
  return has('synthesis/ToRGB_lod0/weight') ? toRgb(x, 'synthesis/ToRGB_lod0') : image!;
}

interface Kernel {
  readonly side: number;
  readonly from: number;
  readonly to: number;
  at(y: number, x: number, input: number, output: number): number;
}

/** conv2d of TensorFlow with padding 'SAME': correlation. */
function same(x: Planes, { side, from, to, at }: Kernel): Planes {
  const half = (side - 1) / 2;
  const size = x[0]!.length;
  return Array.from({ length: to }, (_, o) =>
    grid(size, size, (row, column) => {
      let sum = 0;
      for (let dy = 0; dy < side; dy++)
        for (let dx = 0; dx < side; dx++)
          for (let i = 0; i < from; i++) sum += (x[i]![row + dy - half]?.[column + dx - half] ?? 0) * at(dy, dx, i, o);
      return sum;
    }),
  );
}

/** upsample_conv_2d: conv2d_transpose with the kernel turned, then the filter, with the paddings of both. */
function upsampleConv(x: Planes, { side, from, to, at }: Kernel, filter: CheckpointTensor): Planes {
  const size = x[0]!.length;
  const spread = Array.from({ length: to }, (_, o) => {
    const plane = grid((size - 1) * 2 + side, (size - 1) * 2 + side, () => 0);
    for (let i = 0; i < from; i++)
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
          for (let dy = 0; dy < side; dy++)
            for (let dx = 0; dx < side; dx++)
              plane[2 * row + dy]![2 * column + dx]! += x[i]![row]![column]! * at(side - 1 - dy, side - 1 - dx, i, o);
    return plane;
  });
  const p = filter.shape[0]! - 2 - (side - 1);
  const [before, after] = [Math.floor((p + 1) / 2) + 1, Math.floor(p / 2) + 1];
  return upfirdn(spread, filter, 1, [before, after, before, after], 4);
}

/** upsample_2d. */
function upsample(x: Planes, filter: CheckpointTensor): Planes {
  const p = filter.shape[0]! - 2;
  const [before, after] = [Math.floor((p + 1) / 2) + 1, Math.floor(p / 2)];
  return upfirdn(x, filter, 2, [before, after, before, after], 4);
}

/** _setup_kernel. */
function normalisedFilter(taps: readonly number[] | readonly (readonly number[])[]): CheckpointTensor {
  const rows = taps.map((row) => (typeof row === 'number' ? taps.map((other) => row * (other as number)) : [...row]));
  const sum = rows.flat().reduce((total, value) => total + value, 0);
  return tensorOf(
    [rows.length, rows.length],
    rows.flat().map((value) => value / sum),
  );
}
