/** Sets the threshold of similarity on one half of the controls. */
import { snapUp } from '../numbers/bins.ts';
import { keyedOrder } from '../numbers/keyed.ts';

/** The controls in two halves: A sets the threshold, B is compared with the members. Indices into `keys`, ascending. */
export interface Halves {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** How many of the controls are in half A; of an odd number, B gets the larger half. */
export function settersAmong(controls: number): number {
  return Math.floor(controls / 2);
}

/** Splits by seed and identity, whatever the order of the keys. */
export function splitControls(keys: readonly string[], seed: number): Halves {
  const order = keyedOrder('halves', seed, keys);
  const half = settersAmong(keys.length);
  const ascending = (indices: readonly number[]) => indices.toSorted((x, y) => x - y);
  return { a: ascending(order.slice(0, half)), b: ascending(order.slice(half)) };
}

/** How many of `count` people, counted with ties in any order, are ranked above the one whose score is tau*. */
export function rankedAbove(count: number): number {
  return Math.floor((count - 1) / 100);
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
  return snapUp(sorted[sorted.length - 1 - rankedAbove(sorted.length)]!);
}
