import type { Interval } from './intervals.ts';
import type { PermutationTest } from './permutation.ts';
import { samplesNeeded, zeroHitBound } from './power.ts';
import type { Gate, Verdict } from './verdict.ts';

/** Identities above the threshold, with the share's 95% Clopper-Pearson interval. */
export interface Rate {
  readonly hits: number;
  readonly identities: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** The primary test and what it was made from. */
export interface Test {
  readonly members: Rate;
  readonly controls: Rate;
  readonly delta: Interval;
  readonly permutation: PermutationTest;
}

export interface Findings {
  readonly verdict: Verdict;
  readonly gates: readonly Gate[];
  readonly test: Test | null;
  readonly samples: number;
}

/** Why the verdict is what it is, in sentences for somebody who has never read about the method. */
export function explain({ verdict, gates, test, samples }: Findings): readonly string[] {
  switch (verdict) {
    case 'INVALID':
      return gates.filter(({ passed }) => !passed).flatMap(({ reason, help }) => [reason, help]);
    case 'RESEMBLANCE_ONLY':
      return [
        'No controls were given, so nothing can be said about leakage: even a perfect generator makes lookalikes.',
        'Give photos of people from the same collection who were not trained on.',
      ];
    case 'LEAKAGE':
      return test ? [...compare(test), beyondChance(test)] : [];
    case 'NOT_DETECTED':
      return test ? [...compare(test), ...missed(test, samples)] : [];
  }
}

function compare({ members, controls, delta, permutation: { p, draws } }: Test): readonly string[] {
  const exceedances = Math.round(p * (draws + 1)) - 1;
  return [
    `${ofPeople(members)} members are revealed: a sample resembles them more than the threshold. ` +
      `Of comparable people who were not trained on, ${ofPeople(controls)} are.`,
    `The difference is ${points(delta.estimate)} percentage points ` +
      `(95% interval ${points(delta.low)} to ${points(delta.high)}). When the labels are shuffled at random, ` +
      `it is as large or larger in ${whole(exceedances)} of ${whole(draws)} draws (p = ${p.toPrecision(2)}).`,
  ];
}

/** The corrected leaked share (r_m - r_c) / (1 - r_c): a leaked member may be hit by chance as well. */
function beyondChance({ members, controls, delta }: Test): string {
  const share = delta.estimate / (1 - controls.rate);
  const people = Math.round(share * members.identities);
  return `Beyond chance resemblance this is about ${percent(share)} of the members: ${people} of ${members.identities}.`;
}

function missed({ delta }: Test, samples: number): readonly string[] {
  const rarest = zeroHitBound(samples).exact;
  const enough = samplesNeeded(rarest / 10);
  return [
    `This does not prove that nobody leaks: members may still be found up to ${points(Math.max(0, delta.high))} percentage ` +
      'points more often than others (upper end of the interval).',
    `Somebody who appears in fewer than 1 in ${whole(1 / rarest)} samples may not have been seen at all, however well ` +
      `faces are recognised. To see people ten times rarer, generate ${whole(enough)} samples.`,
  ];
}

function ofPeople({ hits, identities, rate }: Rate): string {
  return `${hits} of ${identities} (${percent(rate)})`;
}

function percent(share: number): string {
  return `${points(share)}%`;
}

function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return text === '-0.0' ? '0.0' : text;
}

/** With thousands separated, the same in every locale. */
function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}
