import { RandomState } from './random.ts';
import { countSteps, ladder } from './ranks.ts';

/** One-sided: p = (1 + exceedances) / (draws + 1), never 0 (Phipson and Smyth 2010). */
export interface PermutationTest {
  readonly p: number;
  readonly draws: number;
}

export interface Draws {
  readonly seed: number;
  readonly draws: number;
}

/**
 * Permutes the labels member and control among identities and counts how often the difference of the rates is at least
 * the one observed.
 *
 * The group sizes and the number of hits stay what they are under a permutation, so the difference rises with the
 * number of hits that fall among the members, and that number is hypergeometric: it is drawn directly, which is the
 * same test as shuffling labels, and takes no time on any gallery.
 */
export function permuteDelta(
  members: { readonly hits: number; readonly trials: number },
  controls: { readonly hits: number; readonly trials: number },
  { seed, draws }: Draws,
): PermutationTest {
  const lowest = Math.max(0, members.hits + controls.hits - controls.trials);
  const cumulative = cumulate(hypergeometric(members.trials, controls.trials, members.hits + controls.hits));
  const total = cumulative.at(-1)!;
  const random = new RandomState(seed);
  let exceedances = 0;
  for (let draw = 0; draw < draws; draw++) {
    if (lowest + firstAbove(cumulative, random.double() * total) >= members.hits) exceedances++;
  }
  return { p: (1 + exceedances) / (draws + 1), draws };
}

/** The same test on the area under the ROC curve, by drawing which identities make up the smaller group. */
export function permuteAuc(
  members: ArrayLike<number>,
  controls: ArrayLike<number>,
  { seed, draws }: Draws,
): PermutationTest {
  const ranks = doubledRanks(members, controls);
  const observed = sum(ranks.subarray(0, members.length));
  const total = sum(ranks);
  const membersAreFewer = members.length <= controls.length;
  const size = Math.min(members.length, controls.length);
  const random = new RandomState(seed);
  let exceedances = 0;
  for (let draw = 0; draw < draws; draw++) {
    // The head of a Fisher-Yates shuffle is a random subset whatever order the array was left in by the last draw.
    let drawn = 0;
    for (let i = 0; i < size; i++) {
      const j = i + random.below(ranks.length - i);
      const rank = ranks[j]!;
      ranks[j] = ranks[i]!;
      ranks[i] = rank;
      drawn += rank;
    }
    // For fixed group sizes the area rises with the members' rank sum. Doubled ranks are whole: the sums are exact.
    if ((membersAreFewer ? drawn : total - drawn) >= observed) exceedances++;
  }
  return { p: (1 + exceedances) / (draws + 1), draws };
}

/**
 * Weights, of any scale, of the numbers of hits among `m` members when `hits` of m + c identities are hit: from the
 * lowest possible number up. By the recurrence of the terms from the mode outwards, so that none overflows.
 */
function hypergeometric(m: number, c: number, hits: number): Float64Array {
  const lowest = Math.max(0, hits - c);
  const highest = Math.min(m, hits);
  const weights = new Float64Array(highest - lowest + 1);
  const mode = Math.floor(((m + 1) * (hits + 1)) / (m + c + 2));
  // P(x + 1) / P(x)
  const ratio = (x: number) => ((m - x) * (hits - x)) / ((x + 1) * (c - hits + x + 1));
  weights[mode - lowest] = 1;
  for (let x = mode; x < highest; x++) weights[x + 1 - lowest] = weights[x - lowest]! * ratio(x);
  for (let x = mode - 1; x >= lowest; x--) weights[x - lowest] = weights[x + 1 - lowest]! / ratio(x);
  return weights;
}

function cumulate(weights: Float64Array): Float64Array {
  let total = 0;
  return weights.map((weight) => {
    total += weight;
    return total;
  });
}

/** The first index whose value is greater than `value`. */
function firstAbove(rising: Float64Array, value: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** [members + controls] twice each score's rank, ties sharing the mean of theirs: whole numbers. */
function doubledRanks(members: ArrayLike<number>, controls: ArrayLike<number>): Uint32Array {
  const both = ladder(members, controls);
  const all = new Uint32Array(both.members.length + both.controls.length);
  all.set(both.members);
  all.set(both.controls, both.members.length);
  let below = 0;
  const rankOfStep = Uint32Array.from(countSteps(all, both.steps), (count) => {
    const rank = 2 * below + count + 1;
    below += count;
    return rank;
  });
  return Uint32Array.from(all, (step) => rankOfStep[step]!);
}

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
