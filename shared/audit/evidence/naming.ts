/** Names members who are found more closely than comparable people, with a stated share of wrong names. */
import { scores as scoresOf } from '../counts/staircase.ts';
import { hitsFrom, reachedTimes, type Summary } from '../counts/summary.ts';
import { firstBinAbove } from '../numbers/bins.ts';
import { fitGumbel, type GumbelFit, gumbelTail } from '../numbers/gumbel.ts';
import { clopperPearson } from '../numbers/intervals.ts';
import { derivedSeed } from '../numbers/keyed.ts';
import { pick, type Sides } from './comparison.ts';
import { benjaminiHochberg, conformal } from './discoveries.ts';

/** Expected share of wrong names among those named (Benjamini and Hochberg 1995). */
export const NAMED_Q = 0.1;
/** The same where names rest on a fit: so much less that both tiers together keep to NAMED_Q, or nearly. */
const FITTED_Q = 0.01;
/** A fit whose tail so few samples of its own kind would exceed as far is no basis for naming anybody. */
const LEAST_FIT = 0.1;
/** Nor is a fit to fewer controls: they cannot show whether their tail is heavier. */
const LEAST_FITTED = 300;
/** Refits behind the judgement of the fit and behind its tail. */
const FIT_DRAWS = 199;
/**
 * Chance makes one sample that resembles somebody; that as many as this do, it hardly ever makes. Somebody who is a part of
 * all output is found by that, long before their best sample is beyond what chance makes.
 */
const REPEATED = 3;
/** Whoever is found again must score above this share of all controls, in samples that had no part in the naming. */
const CONFIRMED = 0.99;

/** A member who is found more closely than comparable people who were not trained on. */
export interface Named {
  readonly identity: number;
  readonly score: number;
  /** Samples above tau* for this person, of those in which the person is among the k nearest faces. */
  readonly hits: number;
  readonly pConformal: number;
  /** Null where no tail was fitted. */
  readonly pTail: number | null;
  readonly qConformal: number;
  readonly qTail: number | null;
  readonly tier: 'conformal' | 'parametric' | 'both';
  /** Null before fresh samples were made. */
  readonly fresh: Fresh | null;
}

/** What samples say that had no part in naming: so the rate is not inflated by having been chosen for being high. */
export interface Fresh {
  readonly confirmed: boolean;
  readonly hits: number;
  readonly samples: number;
  /** The rate at which the generator emits this person: hits / samples with its 95% Clopper-Pearson interval. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly score: number;
}

export interface Naming {
  readonly named: readonly Named[];
  /** Null where the controls' scores do not vary. It names nobody if their tail is heavier, or they are few. */
  readonly gumbel: GumbelFit | null;
}

/**
 * Names members one by one, at a false discovery rate. In two tiers: by conformal p values, which assume nothing but
 * cannot be smaller than 1 / (H + 1); and by the tail of a Gumbel distribution fitted to the controls, which can find
 * the single person whom the first tier cannot, if one believes the fit.
 *
 * @param fresh samples that had no part in the naming.
 */
export function nameMembers(
  { members, controls, scores }: Sides,
  threshold: number,
  summary: Summary,
  fresh: Summary | null,
  seed: number,
): Naming {
  const memberScores = pick(scores, members);
  const controlScores = pick(scores, controls);
  const pConformal = conformal(memberScores, controlScores);
  const qConformal = benjaminiHochberg(pConformal);
  const best = tail(memberScores, controlScores, derivedSeed('fit gumbel', seed));
  const repeated = reachedTimes(summary, REPEATED);
  const third = tail(pick(repeated, members), pick(repeated, controls), derivedSeed('fit repeated', seed));
  const pTail = eitherTail(best.p, third.p);
  const qTail = pTail && benjaminiHochberg(pTail);
  const hits = hitsFrom(summary, firstBinAbove(threshold));
  const again = fresh && confirmation(fresh, controls, threshold);
  const named = members.flatMap((identity, i): Named[] => {
    const counted = qConformal[i]! <= NAMED_Q;
    const fitted = qTail !== null && qTail[i]! <= FITTED_Q;
    if (!counted && !fitted) return [];
    return [
      {
        identity,
        score: scores[identity]!,
        hits: hits[identity]!,
        pConformal: pConformal[i]!,
        pTail: pTail && pTail[i]!,
        qConformal: qConformal[i]!,
        qTail: qTail && qTail[i]!,
        tier: counted ? (fitted ? 'both' : 'conformal') : 'parametric',
        fresh: again ? again(identity) : null,
      },
    ];
  });
  return { named: named.sort((a, b) => b.score - a.score || a.identity - b.identity), gumbel: best.gumbel };
}

/** A Gumbel fit to the controls, and each member's tail of it; null where there is none, or it is too thin. */
function tail(members: Float32Array, controls: Float32Array, seed: number) {
  // Somebody whom too few samples reached has no score: then none of these scores is comparable.
  const gumbel = controls.includes(-1) ? null : fitGumbel(controls, { seed, draws: FIT_DRAWS });
  const fits = gumbel !== null && controls.length >= LEAST_FITTED && gumbel.heavier >= LEAST_FIT;
  return { gumbel, p: fits ? Float64Array.from(members, (score) => gumbelTail(gumbel, score)) : null };
}

/** The smaller of two p values of each member, for having been chosen from two (Bonferroni). */
function eitherTail(best: Float64Array | null, third: Float64Array | null): Float64Array | null {
  if (!best || !third) return best ?? third;
  return best.map((p, i) => Math.min(1, 2 * Math.min(p, third[i]!)));
}

function confirmation(fresh: Summary, controls: readonly number[], threshold: number): (identity: number) => Fresh {
  const scores = scoresOf(fresh.stairs);
  const hits = hitsFrom(fresh, firstBinAbove(threshold));
  const ascending = pick(scores, controls).sort();
  const { samples } = fresh.frame;
  return (identity) => {
    const score = scores[identity]!;
    const above = ascending.reduce((count, control) => count + (control >= score ? 1 : 0), 0);
    const { estimate, low, high } = clopperPearson(hits[identity]!, samples);
    return {
      confirmed: above <= Math.floor((1 - CONFIRMED) * ascending.length),
      hits: hits[identity]!,
      samples,
      rate: estimate,
      low,
      high,
      score,
    };
  };
}
