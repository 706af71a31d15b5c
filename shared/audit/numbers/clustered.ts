/** Estimates a rate whose trials come in clusters. */
import { incbi, stdtri } from 'cephes';
import type { Interval } from './intervals.ts';

/** What one person contributes to a rate: hits among trials that are not independent of each other. */
export interface Cluster {
  readonly hits: number;
  readonly trials: number;
}

/**
 * The share of all trials that are hits, with its 95% interval where the trials of one person resemble each other: the
 * interval of Clopper and Pearson for as many independent trials as would be as uncertain (Korn and Graubard,
 * "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
 * Survey Methodology 24, 1998). Where every trial has the same outcome, each person counts as one trial.
 *
 * @throws RangeError without a trial. `intervals.ts` must have been loaded, which compiles cephes.
 */
export function clusteredRate(clusters: readonly Cluster[]): Interval {
  const hits = clusters.reduce((sum, cluster) => sum + cluster.hits, 0);
  const trials = clusters.reduce((sum, cluster) => sum + cluster.trials, 0);
  if (trials === 0) throw new RangeError('There is no rate without a trial.');
  const estimate = hits / trials;
  const effective = effectiveTrials(clusters, estimate, trials);
  const x = estimate * effective;
  return {
    estimate,
    low: hits === 0 ? 0 : incbi(x, effective - x + 1, 0.025),
    high: hits === trials ? 1 : incbi(x + 1, effective - x, 0.975),
  };
}

function effectiveTrials(clusters: readonly Cluster[], rate: number, trials: number): number {
  const people = clusters.length;
  if (people < 2 || rate === 0 || rate === 1) return people;
  // Variance of a ratio of sums over people, by linearisation.
  const squares = clusters.reduce((sum, cluster) => sum + (cluster.hits - rate * cluster.trials) ** 2, 0);
  const variance = ((people / (people - 1)) * squares) / (trials * trials);
  if (variance === 0) return trials;
  const independent = (rate * (1 - rate)) / variance;
  // The variance is itself estimated, from few people with few degrees of freedom.
  const correction = (stdtri(trials - 1, 0.975) / stdtri(people - 1, 0.975)) ** 2;
  return Math.min(trials, independent * correction);
}
