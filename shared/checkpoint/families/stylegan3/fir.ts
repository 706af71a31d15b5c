/** A linear map along one axis, row by row: `to` rows of `from` values. */
export interface AxisMatrix {
  readonly from: number;
  readonly to: number;
  readonly data: Float64Array;
}

/** Resampling along one axis by a filter: zeros between samples, padding, convolution, then every n-th sample. */
export interface Resampling {
  /** Samples before it. */
  readonly from: number;
  readonly up: number;
  /** Zeros before and behind; where negative, that many samples are cut off. */
  readonly pad: readonly [number, number];
  readonly down: number;
}

/** How many samples come out. */
export function resampledSize({ from, up, pad, down }: Resampling, taps: number): number {
  return Math.floor((from * up + pad[0] + pad[1] - taps) / down) + 1;
}

/**
 * Resampling by a filter as a matrix. Output j is the sum over t of p[j * down + t] * f[taps - 1 - t] (a convolution
 * turns its filter around), where p holds sample m at m * up + pad[0] and zeros elsewhere (Karras et al. 2021, Filter
 * details; Crochiere and Rabiner, Multirate Digital Signal Processing, 1983, chapter 2).
 */
export function resamplingMatrix(resampling: Resampling, filter: ArrayLike<number>, gain = 1): AxisMatrix {
  const { from, up, pad, down } = resampling;
  const taps = filter.length;
  const to = resampledSize(resampling, taps);
  const data = new Float64Array(to * from);
  for (let j = 0; j < to; j++) {
    for (let t = 0; t < taps; t++) {
      const position = j * down + t - pad[0];
      if (position % up !== 0) continue;
      const m = position / up;
      if (m >= 0 && m < from) data[j * from + m] = gain * filter[taps - 1 - t]!;
    }
  }
  return { from, to, data };
}
