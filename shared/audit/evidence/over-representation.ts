/** Tests whether members with more training photos are given away more. */
import { compiled, ndtr, ndtri } from 'cephes';
import type { Interval } from '../numbers/intervals.ts';

await compiled;

/** Whether those with more training photos are given away more. */
export interface OverRepresentation {
  /** By what the odds of being hit are multiplied with every doubling of the photos. */
  readonly oddsRatio: Interval;
  /** Members it rests on. */
  readonly people: number;
  /** Two-sided, of the likelihood ratio test that the number of photos does not matter. */
  readonly p: number;
}

export interface Counted {
  /** Photos of the person among the training photos, not only those that took part in the audit. */
  readonly photos: number;
  readonly hit: boolean;
}

/** People with the same number of photos: their likelihood is one. */
interface Group {
  /** log2(photos), less its mean over all people. */
  readonly x: number;
  readonly people: number;
  readonly hits: number;
}

/**
 * Logistic regression of being hit on log2(number of training photos), of members only; by maximum likelihood.
 *
 * The 95% interval holds the odds ratios that the likelihood ratio test does not reject (profile likelihood). Wald's
 * is symmetric about the estimate and fails where it matters, with few people hit (Hauck and Donner 1977; Venzon and
 * Moolgavkar, "A method for computing profile-likelihood-based confidence intervals", Applied Statistics 37, 1988).
 *
 * @returns null where there is no estimate: everybody has as many photos, everybody or nobody is hit, or some number
 *   of photos separates those hit from the others (Albert and Anderson 1984).
 * @throws RangeError if somebody has no photo.
 */
export function overRepresentation(members: readonly Counted[]): OverRepresentation | null {
  if (members.some(({ photos }) => !(photos >= 1))) throw new RangeError('A member without a photo is none.');
  const groups = grouped(members);
  if (!overlap(groups)) return null;

  const peak = climb(groups);
  const flat = likelihood(groups, bestIntercept(groups, 0), 0);
  const ratio = Math.sqrt(Math.max(0, 2 * (peak.value - flat)));
  // ln likelihood that the test still allows: half the 95% quantile of chi square, z^2, below the highest.
  const allowed = peak.value - ndtri(0.975) ** 2 / 2;
  const within = (slope: number) => likelihood(groups, bestIntercept(groups, slope), slope) >= allowed;
  return {
    oddsRatio: {
      estimate: odds(peak.slope),
      low: odds(edge(within, peak.slope, -1)),
      high: odds(edge(within, peak.slope, 1)),
    },
    people: members.length,
    p: 2 * ndtr(-ratio),
  };
}

function grouped(members: readonly Counted[]): readonly Group[] {
  const mean = members.reduce((total, { photos }) => total + Math.log2(photos) / members.length, 0);
  const groups = new Map<number, { x: number; people: number; hits: number }>();
  for (const { photos, hit } of members) {
    const group = groups.get(photos) ?? { x: Math.log2(photos) - mean, people: 0, hits: 0 };
    group.people++;
    if (hit) group.hits++;
    groups.set(photos, group);
  }
  return [...groups.values()].sort((a, b) => a.x - b.x);
}

/** Whether some with more photos are missed while some with fewer are hit, and the other way round. */
function overlap(groups: readonly Group[]): boolean {
  const hit = groups.filter(({ hits }) => hits > 0);
  const missed = groups.filter(({ hits, people }) => hits < people);
  if (hit.length === 0 || missed.length === 0) return false;
  return hit[0]!.x < missed.at(-1)!.x && missed[0]!.x < hit.at(-1)!.x;
}

/** ln likelihood. */
function likelihood(groups: readonly Group[], intercept: number, slope: number): number {
  let value = 0;
  for (const { x, people, hits } of groups) {
    const eta = intercept + slope * x;
    value += hits * eta - people * softplus(eta);
  }
  return value;
}

/** The highest likelihood, by Newton's method; a step that does not climb is halved. The likelihood is concave. */
function climb(groups: readonly Group[]): { readonly slope: number; readonly value: number } {
  let intercept = bestIntercept(groups, 0);
  let slope = 0;
  let value = likelihood(groups, intercept, slope);
  for (let step = 0; step < 100; step++) {
    const { score, scoreX, weight, weightX, weightXX } = derivatives(groups, intercept, slope);
    const determinant = weight * weightXX - weightX * weightX;
    let toIntercept = (weightXX * score - weightX * scoreX) / determinant;
    let toSlope = (weight * scoreX - weightX * score) / determinant;
    let next = likelihood(groups, intercept + toIntercept, slope + toSlope);
    for (let halving = 0; !(next >= value) && halving < 50; halving++) {
      toIntercept /= 2;
      toSlope /= 2;
      next = likelihood(groups, intercept + toIntercept, slope + toSlope);
    }
    if (!(next >= value)) break; // as high as rounding lets it
    intercept += toIntercept;
    slope += toSlope;
    value = next;
    if (Math.abs(toSlope) + Math.abs(toIntercept) < 1e-12) break;
  }
  return { slope, value };
}

/** The intercept at which, for this slope, the likelihood is highest: as many hits are expected as there are. */
function bestIntercept(groups: readonly Group[], slope: number): number {
  const people = groups.reduce((total, group) => total + group.people, 0);
  const hits = groups.reduce((total, group) => total + group.hits, 0);
  const logit = Math.log(hits / (people - hits));
  // Were everybody like the group of the highest, or of the lowest odds, it would be one of these.
  const shifts = [groups[0]!.x * slope, groups.at(-1)!.x * slope];
  let low = logit - Math.max(...shifts);
  let high = logit - Math.min(...shifts);
  let intercept = Math.min(high, Math.max(low, logit));
  for (let step = 0; step < 200; step++) {
    const { score, weight } = derivatives(groups, intercept, slope);
    if (score > 0) low = intercept;
    else high = intercept;
    const newton = intercept + score / weight;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    const moved = Math.abs(next - intercept);
    intercept = next;
    if (moved <= 1e-13 * (1 + Math.abs(intercept))) break;
  }
  return intercept;
}

/** First and, negated, second derivatives of the ln likelihood by intercept and slope. */
function derivatives(groups: readonly Group[], intercept: number, slope: number) {
  let score = 0;
  let scoreX = 0;
  let weight = 0;
  let weightX = 0;
  let weightXX = 0;
  for (const { x, people, hits } of groups) {
    const eta = intercept + slope * x;
    const odds = Math.exp(-Math.abs(eta));
    const rate = (eta >= 0 ? 1 : odds) / (1 + odds);
    const w = (people * odds) / (1 + odds) ** 2;
    score += hits - people * rate;
    scoreX += (hits - people * rate) * x;
    weight += w;
    weightX += w * x;
    weightXX += w * x * x;
  }
  return { score, scoreX, weight, weightX, weightXX };
}

/** ln(1 + exp(eta)) */
function softplus(eta: number): number {
  return Math.max(0, eta) + Math.log1p(Math.exp(-Math.abs(eta)));
}

/** Where, away from `start` in a direction, `within` ends; the profile likelihood only falls on that way. */
function edge(within: (slope: number) => boolean, start: number, direction: 1 | -1): number {
  let reach = 1;
  while (within(start + direction * reach)) reach *= 2;
  let inside = 0;
  let outside = reach;
  while (outside - inside > 1e-10 * (1 + outside)) {
    const middle = (inside + outside) / 2;
    if (within(start + direction * middle)) inside = middle;
    else outside = middle;
  }
  return start + direction * inside;
}

/** exp(slope), finite and above 0 also where hardly different numbers of photos leave it open. */
function odds(slope: number): number {
  return Math.exp(Math.min(700, Math.max(-700, slope)));
}
