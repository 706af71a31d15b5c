/** Folds gains into weights and reorders convolution kernels. */
import type { Scaled } from './architecture.ts';

/** The values of a tensor times its gain and `more`, rounded once. */
export function folded({ tensor, gain }: Scaled, more = 1): Float32Array {
  const values = tensor.floats();
  const factor = gain * more;
  if (factor !== 1) for (let i = 0; i < values.length; i++) values[i]! *= factor;
  return values;
}

export type KernelShape = readonly [outputs: number, inputs: number, height: number, width: number];

/** Shape of a convolution's weight, without leading ones. */
export function kernelShape({ tensor }: Scaled): KernelShape {
  const [outputs, inputs, height, width] = tensor.shape.slice(-4);
  return [outputs!, inputs!, height!, width!];
}

/** [out, in, ...] as [in, out, ...]: a transposed convolution's order. */
export function transposed(values: Float32Array, [outputs, inputs, height, width]: KernelShape): Float32Array {
  const area = height * width;
  const result = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++) {
      const from = (o * inputs + i) * area;
      result.set(values.subarray(from, from + area), (i * outputs + o) * area);
    }
  return result;
}

/** Sum of squares over the kernel, times `factor`: [in, out]. */
export function energies(values: Float32Array, [outputs, inputs, height, width]: KernelShape, factor: number) {
  const area = height * width;
  const result = new Float32Array(inputs * outputs);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      const from = (o * inputs + i) * area;
      for (let k = from; k < from + area; k++) sum += values[k]! * values[k]!;
      result[i * outputs + o] = sum * factor;
    }
  return result;
}
