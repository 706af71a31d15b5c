/**
 * The grid on which similarities are counted: 2048 bins of 1/1024 on [-1, 1]. Bin i holds the similarities in
 * (i/1024 - 1, (i+1)/1024 - 1], and bin 0 also -1. A threshold on the grid is the lower edge of a bin, left out of it,
 * so "above the threshold" is "in this bin or a later one", exactly.
 */
export const BINS = 2048;

/** The bin of a similarity; what rounding put outside [-1, 1] counts as -1 or 1. */
export function binOf(similarity: number): number {
  // similarity * 1024 is exact for every float32, similarity + 1 is not.
  return Math.min(BINS - 1, Math.max(0, Math.ceil(similarity * 1024) + 1023));
}

/** The similarity that bin `bin` lies above; bin 2048 lies above 1. */
export function binFloor(bin: number): number {
  return bin / 1024 - 1;
}

/** The smallest threshold on the grid that is not below `similarity`. */
export function snapUp(similarity: number): number {
  return Math.ceil(similarity * 1024) / 1024;
}

/** The first bin whose similarities are all above `threshold`, which must lie on the grid. */
export function firstBinAbove(threshold: number): number {
  const bin = (threshold + 1) * 1024;
  if (!(Number.isInteger(bin) && bin >= 0 && bin <= BINS)) throw new RangeError(`${threshold} is not on the grid.`);
  return bin;
}
