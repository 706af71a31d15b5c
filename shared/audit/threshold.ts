import { snapUp } from './bins.ts';
import { keyedOrder } from './keyed.ts';

/** The controls in two halves: A sets the threshold, B is compared with the members. Indices into `keys`, ascending. */
export interface Halves {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Splits by seed and identity, whatever the order of the keys; of an odd number, B gets the larger half. */
export function splitControls(keys: readonly string[], seed: number): Halves {
  const order = keyedOrder('halves', seed, keys);
  const half = Math.floor(keys.length / 2);
  const ascending = (indices: readonly number[]) => indices.toSorted((x, y) => x - y);
  return { a: ascending(order.slice(0, half)), b: ascending(order.slice(half)) };
}

/**
 * tau*: the 99% quantile of the scores, the higher of the two order statistics around it (numpy's method 'higher'),
 * moved up to the next multiple of 1/1024, so that counts by bin are exact at it. Both round against finding a leak.
 *
 * @throws RangeError if there is no score.
 */
export function calibrate(scores: ArrayLike<number>): number {
  if (scores.length === 0) throw new RangeError('A threshold needs at least one score.');
  const sorted = Float64Array.from(scores).sort();
  return snapUp(sorted[Math.ceil((99 * (sorted.length - 1)) / 100)]!);
}
