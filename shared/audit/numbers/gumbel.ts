/** Fits Gumbel distributions and judges the fit. */
import type { Draws } from './permutation.ts';
import { RandomState } from './random.ts';

/**
 * A Gumbel distribution, F(x) = exp(-exp(-(x - location) / scale)), fitted to scores. The best of many samples is a
 * maximum, and maxima of many similarities tend to it (Fisher and Tippett 1928).
 */
export interface GumbelFit {
  readonly location: number;
  readonly scale: number;
  /** Kolmogorov and Smirnov's distance between the scores and the fit. */
  readonly ks: number;
  /** Share of samples of the fitted distribution that, fitted themselves, lie at least as far from their fit. */
  readonly p: number;
  /**
   * The same for the upper tail alone, and for one direction: small if the scores rise higher than the fit lets them, so
   * that its tail would take chance for more than chance. A thinner tail makes the fit careful, and is no fault.
   */
  readonly heavier: number;
  /** What fitting such samples gave, for a true location 0 and scale 1: how uncertain the fit itself is. */
  readonly refits: readonly Line[];
}

interface Line {
  readonly location: number;
  readonly scale: number;
}

/**
 * Fits by maximum likelihood, and judges the fit by a parametric bootstrap in which every sample is fitted anew, for a
 * distance to a fitted curve is smaller than one to a given curve (Lilliefors 1967; Stute, Gonzalez Manteiga and
 * Presedo Quindimil 1993). Location and scale move with the scores, so samples of the standard Gumbel serve every fit.
 *
 * Kolmogorov and Smirnov's distance hardly sees the tail, which is all that is used of the fit. That is judged by two
 * numbers, by Bonferroni's inequality: the shape that the generalised extreme value distribution would have (Hosking,
 * Wallis and Wood, "Estimation of the generalized extreme-value distribution by the method of probability-weighted
 * moments", Technometrics 27, 1985), and the highest score.
 *
 * @param scores [n]
 * @returns null if fewer than two distinct scores are given: nothing can be fitted.
 */
export function fitGumbel(scores: ArrayLike<number>, { seed, draws }: Draws): GumbelFit | null {
  const sorted = Float64Array.from(scores).sort();
  if (!(sorted.at(-1)! > sorted[0]!)) return null;
  const fit = maximumLikelihood(sorted);
  const ks = distance(sorted, fit);
  const shape = shapeOf(sorted);
  const top = (sorted.at(-1)! - fit.location) / fit.scale;

  const random = new RandomState(seed);
  const sample = new Float64Array(sorted.length);
  const refits: Line[] = [];
  let farther = 0;
  let heavier = 0;
  let higher = 0;
  for (let draw = 0; draw < draws; draw++) {
    drawSorted(random, sample);
    const refit = maximumLikelihood(sample);
    refits.push(refit);
    if (distance(sample, refit) >= ks) farther++;
    if (shapeOf(sample) <= shape) heavier++;
    if ((sample.at(-1)! - refit.location) / refit.scale >= top) higher++;
  }
  const p = (exceedances: number) => (1 + exceedances) / (draws + 1);
  return { ...fit, ks, p: p(farther), heavier: Math.min(1, 2 * p(Math.min(heavier, higher))), refits };
}

/**
 * The probability that another person like those fitted scores `score` or more. It counts in that the fit is an
 * estimate: of few scores a tail taken at face value is too thin by a multiple. For Gumbel scores the distribution of
 * (new score - location) / scale depends on n alone, and its tail is the mean of the tails seen from the refits
 * (prediction by a pivot: Lawless, "Statistical Models and Methods for Lifetime Data", 2nd ed., 5.1.3).
 */
export function gumbelTail(
  { location, scale, refits }: Pick<GumbelFit, 'location' | 'scale' | 'refits'>,
  score: number,
): number {
  const z = (score - location) / scale;
  if (refits.length === 0) return upperTail(z);
  return refits.reduce((total, refit) => total + upperTail(refit.location + refit.scale * z), 0) / refits.length;
}

/** 1 - exp(-exp(-z)), to full precision also where it is tiny. */
function upperTail(z: number): number {
  return -Math.expm1(-Math.exp(-z));
}

/**
 * The scale s solves s = mean(x) - sum(x w) / sum(w) with w = exp(-x / s), and the location follows (Johnson, Kotz and
 * Balakrishnan, "Continuous Univariate Distributions" 2, 22.9.3). The difference of the two sides rises in s with a
 * slope of at least 1, from below zero to above: Newton's method, kept between bounds that close in.
 *
 * @param sorted ascending, with at least two distinct values.
 */
function maximumLikelihood(sorted: Float64Array): Line {
  const n = sorted.length;
  const lowest = sorted[0]!;
  let mean = 0;
  for (const x of sorted) mean += (x - lowest) / n;
  let square = 0;
  for (const x of sorted) square += (x - lowest - mean) ** 2 / n;

  let low = 0;
  let high = mean; // where the left side, s, has become at least the right one
  let scale = Math.min(high, Math.sqrt(6 * square) / Math.PI || high);
  let weights = n;
  for (let step = 0; step < 100; step++) {
    weights = 0;
    let first = 0;
    let second = 0;
    for (const x of sorted) {
      const y = x - lowest; // the greatest weight is 1: nothing overflows
      const weight = Math.exp(-y / scale);
      weights += weight;
      first += y * weight;
      second += y * y * weight;
    }
    first /= weights;
    second /= weights;
    const excess = scale - mean + first;
    if (excess < 0) low = scale;
    else high = scale;
    const newton = scale - excess / (1 + Math.max(0, second - first * first) / (scale * scale));
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    const moved = Math.abs(next - scale);
    scale = next;
    if (moved <= 1e-12 * scale) break;
  }
  weights = 0;
  for (const x of sorted) weights += Math.exp(-(x - lowest) / scale);
  return { location: lowest - scale * Math.log(weights / n), scale };
}

/**
 * (2 b1 - b0) / (3 b2 - b0), with the probability-weighted moments b0, b1 and b2: it rises with the shape k of the
 * generalised extreme value distribution, which is below 0 where the tail is heavier than Gumbel's (formula 14 there).
 */
function shapeOf(sorted: Float64Array): number {
  const n = sorted.length;
  const lowest = sorted[0]!;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  for (let i = 0; i < n; i++) {
    const x = sorted[i]! - lowest;
    b0 += x;
    b1 += x * (i / (n - 1));
    b2 += x * (i / (n - 1)) * ((i - 1) / (n - 2));
  }
  return (2 * b1 - b0) / (3 * b2 - b0);
}

/** The greatest distance between the distribution function and the share of scores up to it. */
function distance(sorted: Float64Array, { location, scale }: Line): number {
  const n = sorted.length;
  let greatest = 0;
  for (let i = 0; i < n; i++) {
    const probability = Math.exp(-Math.exp(-(sorted[i]! - location) / scale));
    greatest = Math.max(greatest, probability - i / n, (i + 1) / n - probability);
  }
  return greatest;
}

/**
 * Fills `out` with a standard Gumbel sample, ascending. Sums of exponential numbers over the sum of one more of them
 * are sorted uniform numbers (Devroye, "Non-Uniform Random Variate Generation", 1986, V.2): no sorting, and those near
 * the upper end keep their precision.
 */
function drawSorted(random: RandomState, out: Float64Array): void {
  let total = 0;
  for (let i = out.length - 1; i >= 0; i--) {
    total += exponential(random);
    out[i] = total;
  }
  total += exponential(random);
  for (let i = 0; i < out.length; i++) out[i] = -Math.log(-Math.log1p(-out[i]! / total));
}

function exponential(random: RandomState): number {
  return -Math.log1p(-random.double());
}
