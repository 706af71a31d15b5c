/** Compares the rates at which members and controls are found. */
import { type FmrThreshold, fmrThresholds } from '../gallery/fmr.ts';
import type { ImpostorTail } from '../gallery/profile.ts';
import { aucInterval, type RocPoint, rocCurve } from '../numbers/auc.ts';
import { snapUp } from '../numbers/bins.ts';
import { clopperPearson, type Interval, newcombe } from '../numbers/intervals.ts';
import { derivedSeed } from '../numbers/keyed.ts';
import { type PermutationTest, permuteAuc } from '../numbers/permutation.ts';
import { leakedFraction, leakedPeople } from './leaked.ts';
import { permuteDelta } from './permute-delta.ts';
import { calibrate, splitControls } from './threshold.ts';
import { type TprPoint, tprPoints } from './tpr.ts';

/** Identities above a threshold, with the share's 95% Clopper-Pearson interval. */
export interface Rate {
  readonly hits: number;
  readonly identities: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

export interface Rates {
  readonly members: Rate;
  readonly controls: Rate;
}

/** Who is compared: identity numbers, and every identity's score. */
export interface Sides {
  readonly members: readonly number[];
  readonly controls: readonly number[];
  /** The controls' names, from which they are split: their order must not matter. */
  readonly controlKeys: readonly string[];
  /** [identities] */
  readonly scores: Float32Array;
}

export interface Chance {
  readonly seed: number;
  /** Draws of the permutation tests. */
  readonly permutations: number;
  /** Draws of the bootstraps. */
  readonly bootstraps: number;
}

/** Members against the half of the controls that did not set the threshold: the primary estimate. */
export interface Split {
  /** tau* */
  readonly threshold: number;
  /** Controls that set it, and those compared at it. */
  readonly setters: readonly number[];
  readonly compared: readonly number[];
  readonly rates: Rates;
  readonly delta: Interval;
}

export function split({ members, controls, controlKeys, scores }: Sides, seed: number): Split {
  const halves = splitControls(controlKeys, seed);
  const setters = halves.a.map((place) => controls[place]!);
  const compared = halves.b.map((place) => controls[place]!);
  const threshold = calibrate(pick(scores, setters));
  const rates = { members: rate(scores, members, threshold), controls: rate(scores, compared, threshold) };
  return { threshold, setters, compared, rates, delta: newcombe(counts(rates.members), counts(rates.controls)) };
}

/** Everything else that is said of the two sides as wholes. */
export interface Comparison extends Split {
  /** On delta, of the whole procedure: the primary test. */
  readonly permutation: PermutationTest;
  /** Null where every control was hit. */
  readonly leaked: { readonly fraction: Interval; readonly people: Interval } | null;
  /** Of all controls: no threshold is needed. */
  readonly auc: Interval;
  /** On the AUC: secondary, and never part of the verdict. */
  readonly aucPermutation: PermutationTest;
  readonly roc: readonly RocPoint[];
  readonly tpr: readonly TprPoint[];
  readonly thresholds: readonly (FmrThreshold & Rates)[];
}

/** Draws of the bootstrap of thresholds, each of which may fit a tail anew. */
const THRESHOLD_DRAWS = 400;

export function compare(sides: Sides, impostors: ImpostorTail, { seed, permutations, bootstraps }: Chance): Comparison {
  const { members, controls, scores } = sides;
  const primary = split(sides, seed);
  const memberScores = pick(scores, members);
  const controlScores = pick(scores, controls);
  const chance = (purpose: string, draws: number) => ({ seed: derivedSeed(purpose, seed), draws });
  const fraction = leakedFraction(counts(primary.rates.members), counts(primary.rates.controls));
  return {
    ...primary,
    permutation: permuteDelta(
      memberScores,
      controlScores,
      primary.delta.estimate,
      chance('permute delta', permutations),
    ),
    leaked: fraction && { fraction, people: leakedPeople(fraction, members.length) },
    auc: aucInterval(memberScores, controlScores, chance('bootstrap auc', bootstraps)),
    aucPermutation: permuteAuc(memberScores, controlScores, chance('permute auc', permutations)),
    roc: rocCurve(memberScores, controlScores),
    tpr: tprPoints(memberScores, controlScores),
    // Set by pairs of real photos, so that no control is used up by them.
    thresholds: fmrThresholds(impostors, chance('bootstrap thresholds', THRESHOLD_DRAWS)).map((row) => {
      const value = snapUp(row.value);
      return { ...row, members: rate(scores, members, value), controls: rate(scores, controls, value) };
    }),
  };
}

/** The scores of some identities. */
export function pick(scores: Float32Array, identities: readonly number[]): Float32Array {
  return Float32Array.from(identities, (identity) => scores[identity]!);
}

function rate(scores: Float32Array, identities: readonly number[], threshold: number): Rate {
  const hits = identities.reduce((count, identity) => count + (scores[identity]! > threshold ? 1 : 0), 0);
  const { estimate, low, high } = clopperPearson(hits, identities.length);
  return { hits, identities: identities.length, rate: estimate, low, high };
}

function counts({ hits, identities }: Rate): { readonly hits: number; readonly trials: number } {
  return { hits, trials: identities };
}
