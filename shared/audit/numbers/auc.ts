/** Computes the area under the ROC curve and its interval. */
import type { Interval } from './intervals.ts';
import { RandomState } from './random.ts';
import { countSteps, type Ladder, ladder } from './ranks.ts';

/**
 * The probability that a member scores higher than a control, a tie counting half: the area under the ROC curve, which
 * is Mann and Whitney's U over the number of pairs (Hanley and McNeil 1982). NaN if a group is empty.
 * @internal
 */
export function auc(members: ArrayLike<number>, controls: ArrayLike<number>): number {
  const both = ladder(members, controls);
  return area(countSteps(both.members, both.steps), countSteps(both.controls, both.steps));
}

/**
 * The area with its 95% percentile interval from a bootstrap of identities: members and controls are each drawn again
 * with replacement. Each score stands for one identity; pairs are never resampled, for they are not independent.
 */
export function aucInterval(
  members: ArrayLike<number>,
  controls: ArrayLike<number>,
  { seed, draws }: { readonly seed: number; readonly draws: number },
): Interval {
  const both = ladder(members, controls);
  const random = new RandomState(seed);
  const areas = new Float64Array(draws);
  const memberCounts = new Uint32Array(both.steps);
  const controlCounts = new Uint32Array(both.steps);
  for (let draw = 0; draw < draws; draw++) {
    resample(both.members, random, memberCounts);
    resample(both.controls, random, controlCounts);
    areas[draw] = area(memberCounts, controlCounts);
  }
  areas.sort();
  return {
    estimate: area(countSteps(both.members, both.steps), countSteps(both.controls, both.steps)),
    low: areas[Math.floor(0.025 * (draws - 1))]!,
    high: areas[Math.ceil(0.975 * (draws - 1))]!,
  };
}

export interface RocPoint {
  /** Share of the controls at or above a threshold. */
  readonly controls: number;
  /** Share of the members. */
  readonly members: number;
}

/**
 * The ROC curve from (0,0) to (1,1), one point for each distinct score; corners only, and of more than `limit` corners
 * an even choice.
 */
export function rocCurve(members: ArrayLike<number>, controls: ArrayLike<number>, limit = 256): readonly RocPoint[] {
  const { steps, ...both }: Ladder = ladder(members, controls);
  const memberCounts = countSteps(both.members, steps);
  const controlCounts = countSteps(both.controls, steps);
  const corners: RocPoint[] = [{ controls: 0, members: 0 }];
  let m = 0;
  let c = 0;
  for (let step = steps - 1; step >= 0; step--) {
    m += memberCounts[step]!;
    c += controlCounts[step]!;
    const next = step > 0 ? { m: memberCounts[step - 1]!, c: controlCounts[step - 1]! } : { m: 0, c: 0 };
    const straight =
      step > 0 && ((memberCounts[step] === 0 && next.m === 0) || (controlCounts[step] === 0 && next.c === 0));
    if (!straight) corners.push({ controls: c / both.controls.length, members: m / both.members.length });
  }
  if (corners.length <= limit) return corners;
  return Array.from({ length: limit }, (_, i) => corners[Math.round((i * (corners.length - 1)) / (limit - 1))]!);
}

/** From how many of each group stand on each step. */
function area(members: Uint32Array, controls: Uint32Array): number {
  let below = 0;
  let all = 0;
  let twice = 0;
  for (let step = 0; step < members.length; step++) {
    twice += members[step]! * (2 * below + controls[step]!);
    below += controls[step]!;
    all += members[step]!;
  }
  return twice / (2 * all * below);
}

function resample(group: Uint32Array, random: RandomState, counts: Uint32Array): void {
  counts.fill(0);
  for (let i = 0; i < group.length; i++) counts[group[random.below(group.length)]!]! += 1;
}
