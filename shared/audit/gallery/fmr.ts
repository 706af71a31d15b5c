/** Estimates the similarity that strangers exceed at low false match rates. */
import { ParetoFit, paretoQuantile } from '../numbers/pareto.ts';
import type { Draws } from '../numbers/permutation.ts';
import { RandomState } from '../numbers/random.ts';
import type { ImpostorTail } from './profile.ts';

/** The similarity that two photos of different people exceed at a false match rate. */
export interface FmrThreshold {
  readonly fmr: number;
  /** Similarity, at most 1. */
  readonly value: number;
  /** 95% interval from a bootstrap of identities. */
  readonly low: number;
  readonly high: number;
  /** Pairs behind it, and the people they are of. */
  readonly pairs: number;
  readonly identities: number;
  /** How many of the pairs are above it. */
  readonly falseMatches: number;
  /** Whether too few are, so that it comes from a tail fitted to the most similar pairs. */
  readonly extrapolated: boolean;
}

const RATES = [1e-3, 1e-4, 1e-5, 1e-6] as const;
/** False matches from which a rate can be read off: the rule of 30 (Doddington et al., Speech Communication 31, 2000). */
const LEAST_FALSE_MATCHES = 30;
/** Share of the pairs that a tail is fitted to, and how many they must and may be. */
const FITTED = 0.01;
const LEAST_FITTED = 50;
const MOST_FITTED = 1_000;
/** A tail is followed up to a hundredfold beyond the most similar pair: false matches expected at least. */
const LEAST_EXPECTED = 0.01;
/** How much more of the tail there must be than a rate needs: draws of the bootstrap reach further down. */
const RESERVE = 1.25;
/** Pairs of fewer people are too much alike to stand for strangers. */
const LEAST_IDENTITIES = 20;

/**
 * Thresholds at false match rates 1e-3 to 1e-6.
 *
 * Where at least 30 false matches are to be expected the threshold is the similarity that just this share of the pairs
 * exceeds. Where not, it comes from a generalised Pareto distribution fitted to the excesses of the top 1% of the pairs,
 * at most 1,000 (peaks over threshold; Davison and Smith, J. R. Stat. Soc. B 52, 1990), and is labelled so. More would
 * let the body of the distribution bend its tail: among 12.5 million pairs of directions in 64 dimensions, the whole 1%
 * give a threshold for 1e-6 that 2e-6 of the pairs exceed, the top 1,000 one for 1.03e-6. Where not even that can
 * be justified there is no row: with fewer than 20 people, with fewer than 50 pairs in the top 1%, for a rate more than
 * a hundred times rarer than the most similar pair, or where the tail given is too short.
 *
 * Pairs that share a person are alike, so the bootstrap draws identities with replacement, and a pair counts as often
 * as both of its people together: w_a w_b times. Everybody has the same number of photos n0, so all weighted pairs are
 * n0^2 times the sum of w_a w_b over a < b, which is n0^2 ((sum w)^2 - sum w^2) / 2; a person's copies are not
 * strangers to each other. Where people hardly differ in how alike others they are, this counts the chance in a single
 * pair up to three times, so the interval errs on the wide side: in simulated galleries of 40 to 300 people it held the
 * true threshold in 97 to 100 of 100.
 *
 * @throws RangeError if the tail names more people than there are.
 */
export function fmrThresholds(tail: ImpostorTail, { seed, draws }: Draws): readonly FmrThreshold[] {
  const { pairs, identities } = tail;
  if (identities < LEAST_IDENTITIES) return [];
  const reading = readable(tail);
  if (reading.levels.length === 0) return [];
  const people = numbered(tail);

  const values = read(tail, reading, pairs, null);
  const random = new RandomState(seed);
  const weights = new Uint32Array(identities);
  const drawn = reading.levels.map(() => new Float64Array(draws));
  for (let draw = 0; draw < draws; draw++) {
    weights.fill(0);
    for (let i = 0; i < identities; i++) weights[random.below(identities)]! += 1;
    const total =
      (pairs * (identities ** 2 - weights.reduce((sum, w) => sum + w * w, 0))) / (identities * (identities - 1));
    const again = read(tail, reading, total, { weights, ...people });
    for (const [level, column] of drawn.entries()) column[draw] = again[level]!;
  }
  return reading.levels.map(({ fmr, extrapolated }, level) => {
    const value = values[level]!;
    const column = drawn[level]!.sort();
    return {
      fmr,
      value,
      low: Math.min(value, column[Math.floor(0.025 * (draws - 1))] ?? value),
      high: Math.max(value, column[Math.ceil(0.975 * (draws - 1))] ?? value),
      pairs,
      identities,
      falseMatches: countAbove(tail.similarity, value),
      extrapolated,
    };
  });
}

/** How the tail is read, decided once from the pairs themselves and kept for every draw of the bootstrap. */
interface Reading {
  readonly levels: readonly { readonly fmr: number; readonly extrapolated: boolean }[];
  /** Pairs whose excesses are fitted, and the similarity they exceed; none if nothing is extrapolated. */
  readonly fitted: number;
  readonly base: number;
}

function readable({ pairs, similarity }: ImpostorTail): Reading {
  const fitted = Math.min(Math.floor(FITTED * pairs), MOST_FITTED, similarity.length - 1);
  const fits = fitted >= LEAST_FITTED;
  const levels = RATES.map((fmr) => ({ fmr, expected: expectedAt(fmr, pairs) }))
    .filter(({ expected }) =>
      expected >= LEAST_FALSE_MATCHES ? RESERVE * expected < similarity.length : fits && expected >= LEAST_EXPECTED,
    )
    .map(({ fmr, expected }) => ({ fmr, extrapolated: expected < LEAST_FALSE_MATCHES }));
  const extrapolates = levels.some(({ extrapolated }) => extrapolated);
  return { levels, fitted: extrapolates ? fitted : 0, base: extrapolates ? similarity[fitted]! : 0 };
}

/** How often each pair counts; null for once each. */
interface Weights {
  /** [identities] */
  readonly weights: Uint32Array;
  /** [n] places in `weights` of the two people of each pair. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

/** The thresholds of every level, in one walk down the tail. `total` is the weight of all pairs, in the tail or not. */
function read({ similarity }: ImpostorTail, reading: Reading, total: number, counted: Weights | null): Float64Array {
  const { levels, fitted, base } = reading;
  const values = new Float64Array(levels.length).fill(similarity.at(-1)!);
  const fit = new ParetoFit();
  // From the rarest level, whose threshold is met first.
  let level = levels.length - 1;
  while (level >= 0 && levels[level]!.extrapolated) level--;
  let above = 0;
  for (let pair = 0; pair < similarity.length && (pair < fitted || level >= 0); pair++) {
    const weight = counted ? counted.weights[counted.a[pair]!]! * counted.weights[counted.b[pair]!]! : 1;
    if (weight === 0) continue;
    above += weight;
    if (pair < fitted) fit.add(similarity[pair]! - base, weight);
    while (level >= 0 && above > expectedAt(levels[level]!.fmr, total)) values[level--] = similarity[pair]!;
  }
  if (fitted > 0) {
    const tail = fit.solve();
    for (const [i, { fmr, extrapolated }] of levels.entries()) {
      const share = (fmr * total) / fit.count; // of the fitted excesses
      if (extrapolated) values[i] = share < 1 ? Math.min(1, base + paretoQuantile(tail, share)) : base;
    }
  }
  return values;
}

/** False matches to be expected; a product meant to be whole must not fall short of it. */
function expectedAt(fmr: number, pairs: number): number {
  return fmr * pairs * (1 + 1e-12);
}

/** The people of the pairs numbered from 0 without gaps, in the order of their identity numbers. */
function numbered({ a, b, identities }: ImpostorTail): { readonly a: Uint32Array; readonly b: Uint32Array } {
  let last = 0;
  for (let pair = 0; pair < a.length; pair++) last = Math.max(last, a[pair]!, b[pair]!);
  const places = new Uint32Array(last + 1);
  for (let pair = 0; pair < a.length; pair++) {
    places[a[pair]!] = 1;
    places[b[pair]!] = 1;
  }
  let count = 0;
  for (let identity = 0; identity < places.length; identity++) if (places[identity] === 1) places[identity] = count++;
  if (count > identities) throw new RangeError(`The pairs are of ${count} people, not of ${identities}.`);
  return { a: a.map((identity) => places[identity]!), b: b.map((identity) => places[identity]!) };
}

/** Of similarities in descending order. */
function countAbove(similarity: Float32Array, value: number): number {
  let low = 0;
  let high = similarity.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (similarity[middle]! > value) low = middle + 1;
    else high = middle;
  }
  return low;
}
