/** Simulates an audit of scores that are drawn at random. */
import type { Summary } from '../../shared/audit/counts/summary.ts';
import type { GalleryProfile } from '../../shared/audit/gallery/profile.ts';
import { binOf } from '../../shared/audit/numbers/bins.ts';
import { derivedSeed } from '../../shared/audit/numbers/keyed.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { type Analysis, analyse, type Measured } from '../../shared/audit/verdict/analysis.ts';
import { type Conclusion, conclude } from '../../shared/audit/verdict/conclusion.ts';
import type { Effort } from './audit.ts';

/** How closely somebody is resembled by the samples, and by fresh ones: two similarities. */
export interface Scored {
  readonly first: number;
  readonly fresh: number;
  /** Whether the generator gives this person away, rather than resembling them by chance. */
  readonly leaked: boolean;
}

/** Draws somebody, a member or a control. */
export type Draw = (random: RandomState, member: boolean) => Scored;

/** An audit of scores that were drawn: what follows from them is every audit's way. No gallery, so no gates of one. */
export interface ScoredAudit {
  readonly people: readonly Scored[];
  readonly analysis: Analysis;
  readonly conclusion: Conclusion;
}

const SAMPLES = 10_000;

export function auditScores(
  seed: number,
  { members, controls }: { readonly members: number; readonly controls: number },
  draw: Draw,
  draws: Omit<Effort, 'samples'> = {},
): ScoredAudit {
  const random = new RandomState(derivedSeed('people', seed));
  const people = Array.from({ length: members + controls }, (_, i) => draw(random, i < members));
  const roster = people.map((_, i) => {
    const key = `p${i}`;
    return { key, role: i < members ? ('members' as const) : ('controls' as const), photos: [key], available: 1 };
  });
  const measured: Measured = {
    summary: summaryOf(people.map(({ first }) => first)),
    profile: unprofiled(people.length),
    fresh: summaryOf(people.map(({ fresh }) => fresh)),
  };
  const analysis = analyse(measured, roster, {
    seed: derivedSeed('statistics', seed),
    controlsGiven: true,
    ...draws,
  });
  return { people, analysis, conclusion: conclude([analysis], { controlsGiven: true, samples: SAMPLES }) };
}

/** Everybody is resembled by three samples, and as closely by each. */
function summaryOf(scores: readonly number[]): Summary {
  const identity = Uint32Array.from(scores.keys());
  const similarity = Float32Array.from(scores);
  const none = new Uint32Array(scores.length);
  const order = Uint32Array.from({ length: scores.length + 1 }, (_, i) => i);
  return {
    frame: { samples: SAMPLES, batch: SAMPLES, seed: 0, identities: scores.length, faces: scores.length },
    stairs: { offset: order, batch: none, seed: none, face: identity, similarity },
    undetected: 0,
    authentic: null,
    bestMember: new Float64Array(2048),
    bestControl: new Float64Array(2048),
    hits: { identity, bin: Uint16Array.from(scores, binOf), count: new Uint32Array(scores.length).fill(3) },
  };
}

/** Of nobody's photos: gates that need them are not judged. */
function unprofiled(people: number): GalleryProfile {
  const nothing = new Float32Array(0);
  const nobody = new Uint32Array(0);
  return {
    impostors: { pairs: 0, identities: people, similarity: nothing, a: nobody, b: nobody },
    genuine: { identity: nobody, similarity: nothing },
    blind: unscored(people),
    blindNull: nothing,
    spread: { typicality: unscored(people), crowding: unscored(people), agreement: unscored(people) },
    nearestMember: new Float32Array(people),
    placebo: nothing,
    placeboFaces: 0,
  };
}

function unscored(people: number): Float32Array {
  return new Float32Array(people).fill(Number.NaN);
}
