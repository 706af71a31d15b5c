import { aucInterval, type RocPoint, rocCurve } from './auc.ts';
import { type ScoreHistogram, scoreHistogram } from './histogram.ts';
import { clopperPearson, type Interval, newcombe } from './intervals.ts';
import { derivedSeed } from './keyed.ts';
import { type Match, rankMatches } from './matches.ts';
import { type PermutationTest, permuteAuc, permuteDelta } from './permutation.ts';
import { explain, type Rate } from './reasons.ts';
import { type RevealPoint, revealCurve } from './reveal.ts';
import { type Enrolled, layOut } from './roster.ts';
import { scores } from './staircase.ts';
import type { Summary } from './summary.ts';
import { calibrate, splitControls } from './threshold.ts';
import { decide, facesGate, type Gate, sizeGate, type Verdict } from './verdict.ts';

/** Fixed before the first sample is made. */
export interface AnalysisSettings {
  /** 0..2^32-1: splits the controls and drives the permutations and the bootstrap. */
  readonly seed: number;
  /** Whether controls were given at all, however many of them are left. */
  readonly controlsGiven: boolean;
  /** How many matches to list. */
  readonly matches: number;
  /** Draws of the permutation tests; 9,999 unless given. */
  readonly permutations?: number;
  /** Draws of the bootstrap; 2,000 unless given. */
  readonly bootstraps?: number;
  /** Samples searched for a face and those without one, where not all were searched. */
  readonly faces?: { readonly searched: number; readonly undetected: number };
  /** Conditions judged elsewhere; any that failed makes the verdict INVALID. */
  readonly gates?: readonly Gate[];
}

/** The statistical part of a report. What could not be computed, or would mean nothing, is null or empty. */
export interface Analysis {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly gates: readonly Gate[];
  readonly threshold: { readonly value: number; readonly source: string; readonly identities: number } | null;
  readonly rates: { readonly members: Rate; readonly controls: Rate } | null;
  readonly delta: Interval | null;
  /** On delta: the primary test. */
  readonly permutation: PermutationTest | null;
  readonly auc: Interval | null;
  /** On the AUC: secondary, and never part of the verdict. */
  readonly aucPermutation: PermutationTest | null;
  readonly matches: readonly Match[];
  readonly histogram: ScoreHistogram;
  readonly roc: readonly RocPoint[];
  readonly revealCurve: readonly RevealPoint[];
}

/**
 * From what was counted to what it means.
 *
 * One half of the controls sets the threshold; the other half is compared with the members, so that the threshold has
 * never seen the people it is tested on.
 *
 * @param roster everybody in the gallery, numbered as in the summary.
 * @throws GALLERY_EMPTY if the roster is empty.
 */
export function analyse(summary: Summary, roster: readonly Enrolled[], settings: AnalysisSettings): Analysis {
  const { frame, stairs } = summary;
  const layout = layOut(roster);
  if (layout.isMember.length !== frame.identities || layout.identityOf.length !== frame.faces) {
    throw new RangeError('The roster is not the one the audit was counted with.');
  }
  const best = scores(stairs);
  const scoresOf = (identities: readonly number[]) => Float32Array.from(identities, (identity) => best[identity]!);
  const members = [...roster.keys()].filter((i) => roster[i]!.role === 'members');
  const controls = [...roster.keys()].filter((i) => roster[i]!.role === 'controls');

  const size = sizeGate(members.length, settings.controlsGiven ? controls.length : null);
  const { searched, undetected } = settings.faces ?? { searched: frame.samples, undetected: summary.undetected };
  const gates = [size, facesGate(searched, undetected), ...(settings.gates ?? [])];
  const comparable = settings.controlsGiven && size.passed;
  const comparison = comparable ? compare(summary, roster, { members, controls, scoresOf }, settings) : null;

  const verdict = decide({ gates, controlsGiven: settings.controlsGiven, test: comparison });
  const test = comparison && { ...comparison, ...comparison.rates };
  return {
    verdict,
    reasons: explain({ verdict, gates, test, samples: frame.samples }),
    gates,
    ...(comparison ?? NO_COMPARISON),
    matches: rankMatches(stairs, roster, layout, comparison?.threshold.value ?? null, settings.matches),
    histogram: scoreHistogram(scoresOf(members), scoresOf(controls)),
  };
}

const NO_COMPARISON = {
  threshold: null,
  rates: null,
  delta: null,
  permutation: null,
  auc: null,
  aucPermutation: null,
  roc: [],
  revealCurve: [],
} as const;

interface Sides {
  readonly members: readonly number[];
  readonly controls: readonly number[];
  readonly scoresOf: (identities: readonly number[]) => Float32Array;
}

/** Members against the half of the controls that did not set the threshold. */
function compare(
  { frame, stairs }: Summary,
  roster: readonly Enrolled[],
  { members, controls, scoresOf }: Sides,
  { seed, permutations = 9999, bootstraps = 2000 }: AnalysisSettings,
) {
  const halves = splitControls(
    controls.map((control) => roster[control]!.key),
    seed,
  );
  const setters = halves.a.map((place) => controls[place]!);
  const compared = halves.b.map((place) => controls[place]!);
  const value = calibrate(scoresOf(setters));

  const memberScores = scoresOf(members);
  const controlScores = scoresOf(compared);
  const memberCounts = { hits: countAbove(memberScores, value), trials: members.length };
  const controlCounts = { hits: countAbove(controlScores, value), trials: compared.length };
  const chance = (purpose: string, draws: number) => ({ seed: derivedSeed(purpose, seed), draws });
  return {
    threshold: {
      value,
      source:
        `99% quantile of the best similarities of ${setters.length} controls, drawn by seed; ` +
        `the other ${compared.length} are compared with the members.`,
      identities: setters.length,
    },
    rates: { members: rateOf(memberCounts), controls: rateOf(controlCounts) },
    delta: newcombe(memberCounts, controlCounts),
    permutation: permuteDelta(memberCounts, controlCounts, chance('permute delta', permutations)),
    auc: aucInterval(memberScores, controlScores, chance('bootstrap auc', bootstraps)),
    aucPermutation: permuteAuc(memberScores, controlScores, chance('permute auc', permutations)),
    roc: rocCurve(memberScores, controlScores),
    revealCurve: revealCurve(frame, stairs, value, { members, controls: compared }),
  };
}

function rateOf({ hits, trials }: { readonly hits: number; readonly trials: number }): Rate {
  const { estimate, low, high } = clopperPearson(hits, trials);
  return { hits, identities: trials, rate: estimate, low, high };
}

function countAbove(values: Float32Array, threshold: number): number {
  return values.reduce((count, value) => count + (value > threshold ? 1 : 0), 0);
}
