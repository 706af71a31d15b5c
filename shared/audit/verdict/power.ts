/** Computes how many samples are needed to see a leak, and what no hit rules out. */
import { bdtr, bdtrc, lgam } from 'cephes';
import { newcombe } from '../numbers/intervals.ts';
import { SIGNIFICANT } from './verdict.ts';

/**
 * Samples after which a person who appears in each with probability `p` has been seen at least once with probability
 * `power`: M >= ln(1 / beta) / p with beta = 1 - power, from (1 - p)^M <= exp(-Mp).
 *
 * @throws RangeError unless p is in (0, 1] and power in [0, 1).
 */
export function samplesNeeded(p: number, power = 0.95): number {
  if (!(p > 0 && p <= 1 && power >= 0 && power < 1)) throw new RangeError('Not probabilities.');
  return Math.ceil(-Math.log1p(-power) / p);
}

/** The largest p that M samples without a hit leave standing, at 95% confidence. */
export interface ZeroHitBound {
  /** 1 - 0.05^(1/M). */
  readonly exact: number;
  /** 3/M, the rule of three (Hanley and Lippman-Hand 1983). */
  readonly ruleOfThree: number;
  /** The exact bound where a sample that shows the person counts as a hit at the genuine rate only: exact / rate. */
  readonly adjusted: number;
}

/**
 * @param genuineRate share of photos of a person that the matcher puts above the threshold for another of the person.
 * @throws RangeError unless `samples` is at least 1 and `genuineRate` in [0, 1].
 */
export function zeroHitBound(samples: number, genuineRate = 1): ZeroHitBound {
  if (!(samples >= 1)) throw new RangeError('There is no bound without a sample.');
  checkRate(genuineRate);
  const exact = -Math.expm1(Math.log(0.05) / samples);
  return {
    exact,
    ruleOfThree: Math.min(1, 3 / samples),
    adjusted: exact < genuineRate ? exact / genuineRate : 1,
  };
}

export interface Detectable {
  /** So many leaked people, or more, */
  readonly people: number;
  /** of so many members, */
  readonly of: number;
  /** would have been called leakage with this probability. */
  readonly probability: number;
}

/**
 * The fewest leaked members of K that the audit would have called leakage by its primary test, with probability 0.95.
 *
 * Taken as they are: the threshold, and how many controls were hit. The chance rate r_c is the controls' own. A leaked
 * member is hit if the matcher knows them, with probability `genuineRate`, or else by chance: g + (1 - g) r_c; the
 * others with probability r_c; all independently. Enough are h* hits: the fewest at which Newcombe's interval of the
 * difference lies above 0 and the hypergeometric tail, Fisher's exact test of r_m > r_c, is below 0.01. The tail
 * stands in for the permutation test of the whole procedure, which would have to be simulated for every h; it knows
 * nothing of the half of the controls that set the threshold and is seldom the smaller of the two, so that the number
 * of people is rather too high than too low.
 *
 * @param members K
 * @param controls those compared at the threshold.
 * @returns null if even all members leaked would not do.
 * @throws RangeError unless there is a member and a control, and `genuineRate` is in [0, 1].
 */
export function detectable(
  members: number,
  controls: { readonly hits: number; readonly trials: number },
  genuineRate = 1,
): Detectable | null {
  checkRate(genuineRate);
  const probability = 0.95;
  const enough = first(members, (hits) => {
    const test = newcombe({ hits, trials: members }, controls);
    return test.low > 0 && fisher(hits, members, controls) < SIGNIFICANT;
  });
  if (enough === null) return null;
  const chance = controls.hits / controls.trials;
  const known = genuineRate + (1 - genuineRate) * chance;
  const people = first(members, (leaked) => reaches(enough, leaked, known, members - leaked, chance) >= probability);
  return people === null ? null : { people, of: members, probability };
}

/** The smallest whole number from 0 to `most` for which `holds`, which holds for all greater ones; null if none. */
function first(most: number, holds: (value: number) => boolean): number | null {
  if (!holds(most)) return null;
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** P(at least so many of the hits fall among the members, if all are equally likely to be hit). */
function fisher(hits: number, members: number, controls: { readonly hits: number; readonly trials: number }): number {
  const all = hits + controls.hits;
  let p = 0;
  for (let x = hits; x <= Math.min(members, all); x++) {
    p += Math.exp(lnChoose(members, x) + lnChoose(controls.trials, all - x) - lnChoose(members + controls.trials, all));
  }
  return p;
}

function lnChoose(n: number, k: number): number {
  return lgam(n + 1) - lgam(k + 1) - lgam(n - k + 1);
}

/** P(X + Y >= enough) for independent binomial X of n trials at p, and Y of m trials at q. */
function reaches(enough: number, n: number, p: number, m: number, q: number): number {
  const atLeast = (x: number) => (x <= 0 ? 1 : x > n ? 0 : bdtrc(x - 1, n, p));
  let total = 0;
  let below = 0;
  for (let y = 0; y <= m && below < 1 - 1e-12; y++) {
    const upTo = y === m ? 1 : bdtr(y, m, q);
    total += (upTo - below) * atLeast(enough - y);
    below = upTo;
  }
  return total;
}

function checkRate(rate: number): void {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`${rate} is not a rate.`);
}
