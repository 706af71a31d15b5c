/** Computes confidence intervals of rates and of their differences. */
import { compiled, incbi, ndtri } from 'cephes';

// The Cephes library (Moshier 1989) as WebAssembly. Compiling is the one thing it does asynchronously.
await compiled;

/** A point estimate with its confidence interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The rate hits / trials with the exact interval of Clopper and Pearson (1934), from quantiles of the beta
 * distribution: it covers the truth at least as often as it says.
 *
 * @throws RangeError unless 0 <= hits <= trials and trials >= 1.
 */
export function clopperPearson(hits: number, trials: number, confidence = 0.95): Interval {
  checkCounts(hits, trials);
  const tail = (1 - confidence) / 2;
  return {
    estimate: hits / trials,
    low: hits === 0 ? 0 : incbi(hits, trials - hits + 1, tail),
    high: hits === trials ? 1 : incbi(hits + 1, trials - hits, 1 - tail),
  };
}

/** The rate hits / trials with the score interval of Wilson (1927). @throws RangeError as clopperPearson. */
export function wilson(hits: number, trials: number, confidence = 0.95): Interval {
  checkCounts(hits, trials);
  const z = ndtri(1 - (1 - confidence) / 2);
  const centre = (2 * hits + z * z) / (2 * (trials + z * z));
  const reach = (z * Math.sqrt(z * z + (4 * hits * (trials - hits)) / trials)) / (2 * (trials + z * z));
  return {
    estimate: hits / trials,
    // Exactly 0 and 1 at the ends, where rounding would leave a speck.
    low: hits === 0 ? 0 : centre - reach,
    high: hits === trials ? 1 : centre + reach,
  };
}

/**
 * The difference of two independent rates, first minus second, with the hybrid score interval of Newcombe, "Interval
 * estimation for the difference between independent proportions" (Statistics in Medicine 17, 1998), method 10.
 */
export function newcombe(
  first: { readonly hits: number; readonly trials: number },
  second: { readonly hits: number; readonly trials: number },
  confidence = 0.95,
): Interval {
  const a = wilson(first.hits, first.trials, confidence);
  const b = wilson(second.hits, second.trials, confidence);
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(a.estimate - a.low, b.high - b.estimate),
    high: estimate + Math.hypot(a.high - a.estimate, b.estimate - b.low),
  };
}

function checkCounts(hits: number, trials: number): void {
  if (Number.isInteger(hits) && Number.isInteger(trials) && hits >= 0 && hits <= trials && trials >= 1) return;
  throw new RangeError(`${hits} of ${trials} is not a rate.`);
}
