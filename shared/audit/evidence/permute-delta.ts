/** Tests the difference of the rates by permuting the labels of identities. */
import { snapUp } from '../numbers/bins.ts';
import type { Draws, PermutationTest } from '../numbers/permutation.ts';
import { RandomState } from '../numbers/random.ts';
import { rankedAbove, settersAmong } from './threshold.ts';

const MEMBER = 0;
const SETTER = 1;
const COMPARED = 2;

/**
 * The permutation test on Delta = r_m - r_c, of the whole procedure: the labels member, control that sets the threshold
 * and control that is compared are shuffled among all identities, the threshold is set anew, and both rates are counted
 * above it. p is the share of such draws in which Delta is at least `observedDelta`.
 *
 * The halves of the controls are drawn without regard to the scores, so under exchangeable people all labellings are
 * equally likely and p is exact (Lehmann and Romano, "Testing Statistical Hypotheses", 3rd ed., 15.2). Keeping the
 * threshold instead, and shuffling only who was compared at it, would also be exact but far weaker in small galleries:
 * it knows nothing of the half that set the threshold.
 *
 * Only the top of the ranking matters. Walking down from the highest score, each person is given a label from those
 * left, which is what the head of a shuffle is, until the setter whose score is the threshold has been met: some 1% of
 * the setters, so a draw looks at about 1% of all people.
 *
 * @param memberScores [members]
 * @param controlScores [controls], both halves together.
 * @param observedDelta the difference of the rates as it came out.
 * @throws RangeError without members, with fewer than two controls, or with a score that is NaN.
 */
export function permuteDelta(
  memberScores: ArrayLike<number>,
  controlScores: ArrayLike<number>,
  observedDelta: number,
  { seed, draws }: Draws,
): PermutationTest {
  const members = memberScores.length;
  const setters = settersAmong(controlScores.length);
  const compared = controlScores.length - setters;
  if (members < 1 || setters < 1)
    throw new RangeError('Labels can be shuffled among a member and two controls or more.');
  const above = countAboveEach(memberScores, controlScores);

  // As whole numbers, members * compared * Delta, lest rounding tell equal differences apart.
  const observed = Math.round(observedDelta * members * compared);
  const random = new RandomState(seed);
  const labels = new Uint8Array(above.length);
  let exceedances = 0;
  for (let draw = 0; draw < draws; draw++) {
    const { m, b } = relabel(random, { members, setters, compared }, above, labels);
    if (m * compared - b * members >= observed) exceedances++;
  }
  return { p: (1 + exceedances) / (draws + 1), draws };
}

/** One draw: how many members and how many compared controls are above the threshold that its setters give. */
function relabel(
  random: RandomState,
  { members, setters, compared }: { readonly members: number; readonly setters: number; readonly compared: number },
  above: Uint32Array,
  labels: Uint8Array,
): { readonly m: number; readonly b: number } {
  let place = 0;
  let membersLeft = members;
  let settersLeft = setters;
  let comparedLeft = compared;
  for (const until = setters - rankedAbove(setters) - 1; settersLeft > until; place++) {
    const ticket = random.below(membersLeft + settersLeft + comparedLeft);
    if (ticket < membersLeft) {
      labels[place] = MEMBER;
      membersLeft--;
    } else if (ticket < membersLeft + settersLeft) {
      labels[place] = SETTER;
      settersLeft--;
    } else {
      labels[place] = COMPARED;
      comparedLeft--;
    }
  }
  let m = members - membersLeft;
  let b = compared - comparedLeft;
  // Those who tie with the threshold, or are within its rounding, came by on the way but are not above it.
  for (let below = above[place - 1]!; below < place; below++) {
    if (labels[below] === MEMBER) m--;
    else if (labels[below] === COMPARED) b--;
  }
  return { m, b };
}

/** [people] ranked from the highest score: how many would be above the threshold if this person's score set it. */
function countAboveEach(memberScores: ArrayLike<number>, controlScores: ArrayLike<number>): Uint32Array {
  const ranked = new Float64Array(memberScores.length + controlScores.length);
  ranked.set(memberScores);
  ranked.set(controlScores, memberScores.length);
  if (ranked.some(Number.isNaN)) throw new RangeError('A score is NaN.');
  ranked.sort().reverse();
  let count = 0;
  return Uint32Array.from(ranked, (score) => {
    const threshold = snapUp(score);
    // A lower score gives a threshold that is not higher: the count only grows.
    while (count < ranked.length && ranked[count]! > threshold) count++;
    return count;
  });
}
