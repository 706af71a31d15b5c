import type { SavedModule } from '../../../shared/checkpoint/formats/saved-module.ts';
import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';
import { tensorOf } from './records.ts';
import { dense, mapped, modulated, type ReferenceInputs } from './stylegan2-reference.ts';
import { filtered, grid, mapPlanes, type Padding, type Planes, padded, upfirdn } from './upfirdn.ts';

/**
 * StyleGAN3's generator in float64, from the published formulas (Karras et al. 2021): styles normalised over the batch,
 * weights modulated and demodulated for each sample, filters applied in two dimensions. Slow, and in another order than
 * the graph.
 */
export function stylegan3Images(network: SavedModule, { z, c, psi, cutoff }: Omit<ReferenceInputs, 'noise'>): Planes[] {
  const synthesis = network.modules.get('synthesis')!;
  const mapping = network.modules.get('mapping')!;
  const average = mapping.buffers.get('w_avg')!.floats();
  const plain = z.map((row, n) => mapped(mapping, row, c?.[n]));
  const pulled = plain.map((w) => w.map((value, i) => average[i]! + psi * (value - average[i]!)));
  const styles = (layer: number) => (layer < (cutoff ?? Number.POSITIVE_INFINITY) ? pulled : plain);

  let x = styles(0).map((w) => fourierFeatures(synthesis.modules.get('input')!, w));
  const names = synthesis.attributes.get('layer_names') as readonly string[];
  names.forEach((name, i) => {
    x = synthesisLayer(synthesis.modules.get(name)!, x, styles(i + 1));
  });
  return x.map((image) => mapPlanes(image, (value) => value * numberOf(synthesis, 'output_scale')));
}

function numberOf(record: SavedModule, name: string): number {
  return record.attributes.get(name) as number;
}

function meanSquare(x: readonly number[]): number {
  return x.reduce((sum, value) => sum + value * value, 0) / x.length;
}

type Matrix = readonly (readonly number[])[];

function multiplied(a: Matrix, b: Matrix): number[][] {
  return grid(a.length, b[0]!.length, (i, j) => a[i]!.reduce((sum, value, k) => sum + value * b[k]![j]!, 0));
}

function fourierFeatures(input: SavedModule, w: readonly number[]): Planes {
  const [width, height] = input.attributes.get('size') as readonly [number, number];
  const rate = numberOf(input, 'sampling_rate');
  const bandwidth = numberOf(input, 'bandwidth');
  const frequencies = input.buffers.get('freqs')!.floats();
  const phases = [...input.buffers.get('phases')!.floats()];
  const user = input.buffers.get('transform')!.floats();
  const mix = input.parameters.get('weight')!.floats();
  const channels = phases.length;

  const raw = dense(input.modules.get('affine')!, w);
  const length = Math.hypot(raw[0]!, raw[1]!);
  const [cosine, sine, right, down] = raw.map((value) => value / length) as [number, number, number, number];
  const rotation = [
    [cosine, -sine, 0],
    [sine, cosine, 0],
    [0, 0, 1],
  ];
  const translation = [
    [1, 0, -right],
    [0, 1, -down],
    [0, 0, 1],
  ];
  const byUser = grid(3, 3, (i, j) => user[3 * i + j]!);
  const transform = multiplied(multiplied(rotation, translation), byUser);

  const waves = phases.map((phase, i) => {
    const [[x, y, shift]] = multiplied([[frequencies[2 * i]!, frequencies[2 * i + 1]!]], transform.slice(0, 2)) as [
      [number, number, number],
    ];
    const fading = (Math.hypot(x, y) - bandwidth) / (rate / 2 - bandwidth);
    const amplitude = Math.min(Math.max(1 - fading, 0), 1);
    return grid(height, width, (row, column) => {
      const turns = (x * (column + 0.5 - width / 2) + y * (row + 0.5 - height / 2)) / rate + phase + shift;
      return amplitude * Math.sin(2 * Math.PI * turns);
    });
  });
  return phases.map((_, o) =>
    grid(height, width, (row, column) =>
      waves.reduce((sum, wave, i) => sum + (mix[o * channels + i]! / Math.sqrt(channels)) * wave[row]![column]!, 0),
    ),
  );
}

function synthesisLayer(layer: SavedModule, x: readonly Planes[], ws: readonly (readonly number[])[]): Planes[] {
  const toRgb = layer.attributes.get('is_torgb') === true;
  const weight = layer.parameters.get('weight')!;
  const [outputs, inputs, side] = weight.shape as readonly [number, number, number];
  const bias = layer.parameters.get('bias')!.floats();
  const magnitude = layer.buffers.get('magnitude_ema')!.floats()[0]!;
  const raw = ws.map((w) => dense(layer.modules.get('affine')!, w));
  const scale = toRgb ? Math.sqrt(inputs * side * side) : Math.sqrt(meanSquare(raw.flat()));
  const kernels = toRgb ? weight : normalised(weight, outputs);
  return x.map((planes, n) => {
    const styled = modulated(
      kernels,
      raw[n]!.map((style) => style / scale),
      !toRgb,
    );
    const unit = mapPlanes(planes, (value) => value / Math.sqrt(magnitude));
    const convolved = filtered(padded(unit, side - 1), styled, false);
    const biased = mapPlanes(convolved, (value, o) => value + bias[o]!);
    return filteredLrelu(biased, filteringOf(layer, toRgb));
  });
}

/** Each output channel's kernel divided by the root of its mean square. */
function normalised(weight: CheckpointTensor, outputs: number): CheckpointTensor {
  const values = [...weight.floats()];
  const fan = values.length / outputs;
  const norms = Array.from({ length: outputs }, (_, o) => Math.sqrt(meanSquare(values.slice(o * fan, (o + 1) * fan))));
  return tensorOf(
    weight.shape,
    values.map((value, k) => value / norms[Math.floor(k / fan)]!),
  );
}

/** A nonlinearity between two resamplings, as the settings of a layer have it. */
export interface Filtering {
  readonly up: number;
  readonly upFilter: CheckpointTensor;
  readonly down: number;
  readonly downFilter: CheckpointTensor;
  readonly padding: Padding;
  readonly gain: number;
  readonly slope: number;
  readonly clamp: number | null;
}

function filteringOf(layer: SavedModule, toRgb: boolean): Filtering {
  const oneTap = tensorOf([1], [1]);
  return {
    up: numberOf(layer, 'up_factor'),
    upFilter: layer.buffers.get('up_filter') ?? oneTap,
    down: numberOf(layer, 'down_factor'),
    downFilter: layer.buffers.get('down_filter') ?? oneTap,
    padding: layer.attributes.get('padding') as Padding,
    gain: toRgb ? 1 : Math.SQRT2,
    slope: toRgb ? 1 : 0.2,
    clamp: layer.attributes.get('conv_clamp') as number | null,
  };
}

export function filteredLrelu(x: Planes, filtering: Filtering): Planes {
  const { up, upFilter, down, downFilter, padding, gain, slope, clamp } = filtering;
  const fine = upfirdn(x, upFilter, up, padding, up ** 2);
  const bent = mapPlanes(fine, (value) => {
    const y = gain * (value < 0 ? slope * value : value);
    return clamp === null ? y : Math.min(Math.max(y, -clamp), clamp);
  });
  const smooth = upfirdn(bent, downFilter, 1, [0, 0, 0, 0], 1);
  const nth = (_: unknown, i: number) => i % down === 0;
  return smooth.map((plane) => plane.filter(nth).map((row) => row.filter(nth)));
}
