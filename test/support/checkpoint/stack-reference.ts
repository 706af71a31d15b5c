import type { StateDict } from '../../../shared/checkpoint/formats/tensor.ts';

/** Channels of square pictures. */
export interface Planes {
  readonly data: Float64Array;
  readonly channels: number;
  readonly side: number;
}

const values = (tensors: StateDict, name: string) => Float64Array.from(tensors.get(name)!.floats());

/** torch.nn.ConvTranspose2d in double precision, by its definition: every input value spreads the kernel. */
export function convTranspose(x: Planes, tensors: StateDict, name: string, stride: number, padding: number): Planes {
  const weight = values(tensors, `${name}.weight`);
  const [inputs, outputs, kernel] = tensors.get(`${name}.weight`)!.shape as [number, number, number, number];
  const bias = tensors.has(`${name}.bias`) ? values(tensors, `${name}.bias`) : new Float64Array(outputs);
  const side = (x.side - 1) * stride - 2 * padding + kernel;
  const data = new Float64Array(outputs * side * side);
  for (let o = 0; o < outputs; o++) data.fill(bias[o]!, o * side * side, (o + 1) * side * side);
  const each = (count: number, use: (i: number) => void) => {
    for (let i = 0; i < count; i++) use(i);
  };
  each(inputs * outputs * x.side * x.side * kernel * kernel, (flat) => {
    const [kx, ky] = [flat % kernel, Math.floor(flat / kernel) % kernel];
    const rest = Math.floor(flat / kernel ** 2);
    const [at, channel] = [rest % x.side ** 2, Math.floor(rest / x.side ** 2)];
    const [o, i] = [channel % outputs, Math.floor(channel / outputs)];
    const column = (at % x.side) * stride - padding + kx;
    const row = Math.floor(at / x.side) * stride - padding + ky;
    if (column < 0 || row < 0 || column >= side || row >= side) return;
    data[(o * side + row) * side + column]! +=
      x.data[i * x.side ** 2 + at]! * weight[((i * outputs + o) * kernel + ky) * kernel + kx]!;
  });
  return { data, channels: outputs, side };
}

/** torch.nn.BatchNorm2d at evaluation, in double precision. */
export function batchNorm(x: Planes, tensors: StateDict, name: string): Planes {
  const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((what) =>
    values(tensors, `${name}.${what}`),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const data = x.data.map((value, i) => {
    const c = Math.floor(i / x.side ** 2);
    return ((value - mean[c]!) / Math.sqrt(variance[c]! + 1e-5)) * weight[c]! + bias[c]!;
  });
  return { ...x, data };
}

export const map = (x: Planes, f: (value: number) => number): Planes => ({ ...x, data: x.data.map(f) });
