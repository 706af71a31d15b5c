/** Computes true positive rates at low false positive rates. */
import { bdtr, bdtrc } from 'cephes';
import { clopperPearson, type Interval } from '../numbers/intervals.ts';

export interface TprPoint {
  /** Share of controls, people in no way part of the training, who would be accused. */
  readonly fpr: number;
  /** Share of members who would be. */
  readonly tpr: Interval;
}

const RATES = [0.01, 0.001] as const;
/** False positives that are to be expected at a rate before it is reported. */
const LEAST_EXPECTED = 10;
/** The four ways in which an interval can miss share its error. */
const ERROR = 0.05 / 4;

/**
 * True positive rates at low false positive rates, by which attacks on membership are compared (Carlini et al.,
 * "Membership inference attacks from first principles", IEEE S&P 2022), where the controls are enough: 10 expected
 * false positives or more. All controls take part.
 *
 * The score exceeded by a share `fpr` of controls is itself unknown, so an interval for a rate at the score that came
 * out would be too narrow. Here the score lies between two order statistics of the controls (exact, from the binomial
 * distribution), and the rate between Clopper and Pearson's limits at those: 95% or more by Bonferroni's inequality,
 * with no assumption on the scores.
 */
export function tprPoints(memberScores: ArrayLike<number>, controlScores: ArrayLike<number>): readonly TprPoint[] {
  const controls = descending(controlScores);
  const members = descending(memberScores);
  if (members.length === 0) return [];
  return RATES.filter((fpr) => controls.length * fpr >= LEAST_EXPECTED).map((fpr) => {
    const [fewest, most] = falsePositives(controls.length, fpr);
    const above = countWhile(members, (score) => score > controls[Math.floor(controls.length * fpr)]!);
    // At least `fewest` controls are not below the true score, and at most `most` are above it, whatever the ties.
    const surely = fewest === 0 ? 0 : countWhile(members, (score) => score > controls[fewest - 1]!);
    const perhaps = countWhile(members, (score) => score > controls[most]!);
    return {
      fpr,
      tpr: {
        estimate: above / members.length,
        low: clopperPearson(surely, members.length, 1 - 2 * ERROR).low,
        high: clopperPearson(perhaps, members.length, 1 - 2 * ERROR).high,
      },
    };
  });
}

/** Between which numbers of controls, with that error on each side, the false positives at a rate come out. */
function falsePositives(controls: number, fpr: number): readonly [number, number] {
  let fewest = Math.floor(controls * fpr);
  let most = fewest;
  while (fewest > 0 && bdtr(fewest - 1, controls, fpr) > ERROR) fewest--;
  while (bdtrc(most, controls, fpr) > ERROR) most++;
  return [fewest, most];
}

function descending(scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores).sort().reverse();
}

/** How many values at the head satisfy a condition that no later one does. */
function countWhile(values: Float64Array, holds: (value: number) => boolean): number {
  const end = values.findIndex((value) => !holds(value));
  return end === -1 ? values.length : end;
}
