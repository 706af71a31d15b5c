/** Runs permutation tests of labels among identities. */
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
 * Permutes the labels member and control among identities and counts how often the area under the ROC curve is at least
 * the one observed, by drawing which identities make up the smaller group.
 */
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
