import type { CheckpointTensor } from '../../../shared/checkpoint/formats/tensor.ts';

/** [channels][height][width], float64. */
export type Planes = readonly (readonly (readonly number[])[])[];

/** Zeros around an image: left, right, top, bottom. */
export type Padding = readonly [number, number, number, number];

/**
 * Upsample, filter (upfirdn2d of Karras et al. 2020): `up` - 1 zeros after every pixel, zeros around, then a
 * convolution with the filter, times `gain`. In the order of its definition, with nothing rearranged.
 */
export function upfirdn(x: Planes, filter: CheckpointTensor, up: number, padding: Padding, gain: number): Planes {
  const f = filterPlane(filter);
  return x.map((plane) => {
    const [height, width] = [plane.length * up, plane[0]!.length * up];
    const [left, right, top, bottom] = padding;
    const at = (y: number, x: number) => {
      const [row, column] = [y - top, x - left];
      if (row < 0 || column < 0 || row >= height || column >= width || row % up > 0 || column % up > 0) return 0;
      return plane[row / up]![column / up]!;
    };
    const [rows, columns] = [height + top + bottom - f.length + 1, width + left + right - f[0]!.length + 1];
    return grid(rows, columns, (y, x) => {
      let sum = 0;
      f.forEach((line, i) => {
        line.forEach((value, j) => {
          sum += value * at(y + f.length - 1 - i, x + line.length - 1 - j);
        });
      });
      return sum * gain;
    });
  });
}

function filterPlane(filter: CheckpointTensor): number[][] {
  const values = filter.floats();
  if (filter.shape.length === 2)
    return grid(filter.shape[0]!, filter.shape[1]!, (y, x) => values[y * filter.shape[1]! + x]!);
  return grid(values.length, values.length, (y, x) => values[y]! * values[x]!);
}

/** Extents of a filter, width first. */
export function filterSize({ shape }: CheckpointTensor): readonly [number, number] {
  return [shape.at(-1)!, shape[0]!];
}

/** An image twice as large: upsample2d of Karras et al. 2020. */
export function upsampled(x: Planes, filter: CheckpointTensor, gain = 4): Planes {
  const [width, height] = filterSize(filter);
  const before = (taps: number) => Math.floor((taps + 1) / 2);
  const after = (taps: number) => Math.floor((taps - 2) / 2);
  return upfirdn(x, filter, 2, [before(width), after(width), before(height), after(height)], gain);
}

/** Weight [out][in][height][width]. */
export type Kernels = readonly Planes[];

export function kernelsOf(tensor: CheckpointTensor): number[][][][] {
  const values = tensor.floats();
  const [outputs, inputs, height, width] = tensor.shape.slice(-4) as [number, number, number, number];
  return Array.from({ length: outputs }, (_, o) =>
    Array.from({ length: inputs }, (_, i) =>
      grid(height, width, (y, x) => values[((o * inputs + i) * height + y) * width + x]!),
    ),
  );
}

/** Correlation without padding; with `flip`, convolution. */
export function filtered(x: Planes, kernels: Kernels, flip: boolean): Planes {
  const [height, width] = [kernels[0]![0]!.length, kernels[0]![0]![0]!.length];
  const [rows, columns] = [x[0]!.length - height + 1, x[0]![0]!.length - width + 1];
  return kernels.map((kernel) =>
    grid(rows, columns, (y, column) => {
      let sum = 0;
      kernel.forEach((plane, i) => {
        for (let dy = 0; dy < height; dy++)
          for (let dx = 0; dx < width; dx++) {
            const value = flip ? plane[height - 1 - dy]![width - 1 - dx]! : plane[dy]![dx]!;
            sum += value * x[i]![y + dy]![column + dx]!;
          }
      });
      return sum;
    }),
  );
}

/** Zeros around. */
export function padded(x: Planes, by: number): Planes {
  return x.map((plane) =>
    grid(plane.length + 2 * by, plane[0]!.length + 2 * by, (y, column) => plane[y - by]?.[column - by] ?? 0),
  );
}

export function grid(rows: number, columns: number, value: (y: number, x: number) => number): number[][] {
  return Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => value(y, x)));
}

/** Each value of an image, with its place. */
export function mapPlanes(x: Planes, change: (value: number, channel: number, y: number, x: number) => number): Planes {
  return x.map((plane, c) => plane.map((row, y) => row.map((value, i) => change(value, c, y, i))));
}
