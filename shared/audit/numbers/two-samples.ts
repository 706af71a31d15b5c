/** Tests whether two samples come from one distribution. */
import { kolmogorov, ndtr } from 'cephes';
import { countSteps, ladder } from './ranks.ts';

/** What two samples of a number say of each other. */
export interface TwoSamples {
  /** Greatest difference of the two empirical distributions (Kolmogorov and Smirnov). */
  readonly distance: number;
  /** Two-sided p of that difference, by its asymptotic distribution with Stephens' correction for small samples (1970). */
  readonly pDistance: number;
  /** Two-sided p of the rank sum (Wilcoxon, Mann and Whitney), by the normal approximation with ties. */
  readonly pRanks: number;
}

/** @throws RangeError where a sample is empty. `intervals.ts` must have been loaded, which compiles cephes. */
export function compareSamples(a: ArrayLike<number>, b: ArrayLike<number>): TwoSamples {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) throw new RangeError('There is nothing to compare.');
  const { steps, members, controls } = ladder(a, b);
  const [inA, inB] = [countSteps(members, steps), countSteps(controls, steps)];
  let [belowA, belowB, distance, greater, ties] = [0, 0, 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const [x, y] = [inA[step]!, inB[step]!];
    greater += x * (belowB + y / 2);
    ties += (x + y) ** 3 - (x + y);
    belowA += x;
    belowB += y;
    distance = Math.max(distance, Math.abs(belowA / n - belowB / m));
  }
  const size = Math.sqrt((n * m) / (n + m));
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  const z = variance > 0 ? Math.max(0, Math.abs(greater - (n * m) / 2) - 0.5) / Math.sqrt(variance) : 0;
  return {
    distance,
    pDistance: distance === 0 ? 1 : Math.min(1, kolmogorov((size + 0.12 + 0.11 / size) * distance)),
    pRanks: Math.min(1, 2 * ndtr(-z)),
  };
}
