/** Computes everything that one recognizer says about an audit. */
import { type Enrolled, type Layout, layOut } from '../counts/roster.ts';
import { scores as scoresOf } from '../counts/staircase.ts';
import type { Summary } from '../counts/summary.ts';
import { type Chance, type Comparison, compare, pick, type Sides } from '../evidence/comparison.ts';
import { type Naming, nameMembers } from '../evidence/naming.ts';
import { type OverRepresentation, overRepresentation } from '../evidence/over-representation.ts';
import { type RevealPoint, revealCurve } from '../evidence/reveal.ts';
import { authenticity, dataCopying, distanceRatio } from '../evidence/secondary.ts';
import { calibrate } from '../evidence/threshold.ts';
import type { GalleryProfile } from '../gallery/profile.ts';
import { type ScoreHistogram, scoreHistogram } from '../numbers/histogram.ts';
import { type Interval, newcombe } from '../numbers/intervals.ts';
import { derivedSeed } from '../numbers/keyed.ts';
import type { Gate } from './gate.ts';
import { blindGate, genuineRate, matcherGate, placeboGate, sidesGate } from './gates.ts';
import { type Detectable, detectable } from './power.ts';
import { facesGate, scoresGate, sizeGate } from './size-gates.ts';
import { spreadGate } from './spread-gate.ts';

/** Somebody in the gallery, with the photos there were to choose from: of a member, how often training saw them. */
export interface Person extends Enrolled {
  readonly available: number;
}

/** What one recognizer counted and measured. */
export interface Measured {
  readonly summary: Summary;
  readonly profile: GalleryProfile;
  /** Samples that had no part in naming anybody; null before they are made, or where nobody was named. */
  readonly fresh: Summary | null;
}

/** Fixed before the first sample is made. */
export interface AnalysisSettings {
  /** 0..2^32-1: splits the controls and drives the permutations and the bootstrap. */
  readonly seed: number;
  /** Whether controls were given at all, however many of them are left. */
  readonly controlsGiven: boolean;
  /** Draws of the permutation tests; 9,999 unless given. */
  readonly permutations?: number;
  /** Draws of the bootstrap; 2,000 unless given. */
  readonly bootstraps?: number;
  /** Samples searched for a face and those without one, where not all were searched. */
  readonly faces?: { readonly searched: number; readonly undetected: number };
}

/** What one recognizer says. What could not be computed, or would mean nothing, is null or empty. */
export interface Analysis {
  /** Of the people and samples, whatever the recognizer. */
  readonly common: readonly Gate[];
  /** Of this recognizer. */
  readonly gates: readonly Gate[];
  readonly comparison: Comparison | null;
  readonly naming: Naming | null;
  /** How often a photo of a person is recognised by their others: the matcher's power at the threshold. */
  readonly genuine: Interval | null;
  readonly detectable: Detectable | null;
  readonly overRepresentation: OverRepresentation | null;
  readonly secondary: Secondary;
  readonly histogram: ScoreHistogram;
  readonly revealCurve: readonly RevealPoint[];
}

/** For comparison with the literature (see secondary.ts). */
export interface Secondary {
  readonly dataCopying: number | null;
  readonly authenticity: Interval | null;
  readonly distanceRatio: number | null;
}

/**
 * From what was counted with one recognizer to what it means.
 *
 * One half of the controls sets the threshold; the other half is compared with the members, so that the threshold has
 * never seen the people it is tested on. What needs no threshold is computed from all controls.
 *
 * @param people everybody in the gallery, numbered as in the summary.
 * @throws GALLERY_EMPTY if there is nobody.
 */
export function analyse(measured: Measured, people: readonly Person[], settings: AnalysisSettings): Analysis {
  const { summary, profile } = measured;
  const { frame } = summary;
  const layout = layOut(people);
  if (layout.isMember.length !== frame.identities || layout.identityOf.length !== frame.faces) {
    throw new RangeError('The roster is not the one the audit was counted with.');
  }
  const sides = sidesOf(people, scoresOf(summary.stairs));
  const memberScores = pick(sides.scores, sides.members);
  const controlScores = pick(sides.scores, sides.controls);
  const common = commonGates(measured, sides, settings);
  const comparable = settings.controlsGiven && common.every(({ name, passed }) => name === 'faces' || passed);
  const chance = { seed: settings.seed, permutations: 9999, bootstraps: 2000, ...drawsOf(settings) };
  const comparison = comparable ? compare(sides, profile.impostors, chance) : null;
  const genuine = comparison && genuineRate(profile.genuine, comparison.threshold);
  return {
    common,
    gates: comparison ? recognizerGates(profile, layout, sides, comparison, chance) : [],
    comparison,
    naming: comparison && nameMembers(sides, comparison.threshold, summary, measured.fresh, settings.seed),
    genuine,
    detectable: comparison && caught(comparison, genuine),
    overRepresentation: comparison && repeated(people, sides, comparison.threshold),
    secondary: secondary(measured, layout, memberScores, controlScores),
    histogram: scoreHistogram(memberScores, controlScores),
    revealCurve: comparison
      ? revealCurve(frame, summary.stairs, comparison.threshold, {
          members: sides.members,
          controls: comparison.compared,
        })
      : [],
  };
}

function drawsOf({ permutations, bootstraps }: AnalysisSettings): Partial<Chance> {
  return {
    ...(permutations === undefined ? {} : { permutations }),
    ...(bootstraps === undefined ? {} : { bootstraps }),
  };
}

function sidesOf(people: readonly Person[], scores: Float32Array): Sides {
  const of = (role: Person['role']) => [...people.keys()].filter((i) => people[i]!.role === role);
  const controls = of('controls');
  return { members: of('members'), controls, controlKeys: controls.map((control) => people[control]!.key), scores };
}

function commonGates({ summary }: Measured, { members, controls, scores }: Sides, settings: AnalysisSettings): Gate[] {
  const { searched, undetected } = settings.faces ?? {
    searched: summary.frame.samples,
    undetected: summary.undetected,
  };
  return [
    sizeGate(members.length, settings.controlsGiven ? controls.length : null),
    facesGate(searched, undetected),
    scoresGate(pick(scores, members), settings.controlsGiven ? pick(scores, controls) : null),
  ];
}

function recognizerGates(
  profile: GalleryProfile,
  { isMember }: Layout,
  sides: Sides,
  { threshold, setters, compared, auc }: Comparison,
  { seed, bootstraps }: Chance,
): Gate[] {
  const blind = { scores: profile.blind, nullAucs: profile.blindNull };
  return [
    blindGate(blind, isMember, { seed: derivedSeed('bootstrap blind', seed), draws: bootstraps }),
    spreadGate(profile.spread, isMember),
    // Of the two sides' own thresholds the lower: controls who are given away lift tau*, which says nothing of the
    // recognizer.
    matcherGate(profile.genuine, Math.min(threshold, calibrate(pick(sides.scores, sides.members)))),
    placeboGate(placeboDelta(profile, sides, setters, compared), profile.placeboFaces),
    sidesGate(auc),
  ];
}

/** The audit's own comparison, with unseen real faces in the generator's place and a threshold of their own. */
function placeboDelta(
  { placebo }: GalleryProfile,
  { members }: Sides,
  setters: readonly number[],
  compared: readonly number[],
): Interval | null {
  if (placebo.length === 0) return null;
  const threshold = calibrate(pick(placebo, setters));
  const count = (identities: readonly number[]) => ({
    hits: identities.filter((identity) => placebo[identity]! > threshold).length,
    trials: identities.length,
  });
  return newcombe(count(members), count(compared));
}

function caught({ rates: { members, controls } }: Comparison, genuine: Interval | null): Detectable | null {
  return detectable(members.identities, { hits: controls.hits, trials: controls.identities }, genuine?.estimate ?? 1);
}

function repeated(people: readonly Person[], { members, scores }: Sides, threshold: number): OverRepresentation | null {
  return overRepresentation(
    members.map((member) => ({ photos: people[member]!.available, hit: scores[member]! > threshold })),
  );
}

function secondary(
  { summary, profile }: Measured,
  { isMember, identityOf }: Layout,
  memberScores: Float32Array,
  controlScores: Float32Array,
): Secondary {
  const samples = summary.frame.samples - summary.undetected;
  const heldOut = profile.nearestMember.filter((_, face) => isMember[identityOf[face]!] === 0);
  return {
    dataCopying: dataCopying(summary.bestMember, samples, heldOut),
    authenticity: authenticity(summary.authentic, samples),
    distanceRatio: distanceRatio(memberScores, controlScores),
  };
}
