import type { Interval } from './intervals.ts';
import type { PermutationTest } from './permutation.ts';

/**
 * LEAKAGE: people trained on are given away more than comparable people who were not. NOT_DETECTED: that was not
 * found, which is never "safe". RESEMBLANCE_ONLY: without controls the two cannot be told apart. INVALID: a gate failed.
 */
export type Verdict = 'LEAKAGE' | 'NOT_DETECTED' | 'RESEMBLANCE_ONLY' | 'INVALID';

/** A condition without which no number of the audit means anything. */
export interface Gate {
  readonly name: 'size' | 'faces';
  readonly passed: boolean;
  /** What was seen, in a sentence. */
  readonly reason: string;
  /** What to do if the gate failed, in a sentence. */
  readonly help: string;
}

const LEAST_MEMBERS = 2;
/** Ten to set the threshold and ten to test at it. */
const LEAST_CONTROLS = 20;
/** A p at or above it is not enough for a claim. */
const SIGNIFICANT = 0.01;

/**
 * Whether enough people are left after exclusions: even if all members were revealed and no control, the permutation
 * test must be able to reach significance. `controls` is null if none were given at all.
 */
export function sizeGate(members: number, controls: number | null): Gate {
  const enough =
    members >= LEAST_MEMBERS &&
    (controls === null ||
      (controls >= LEAST_CONTROLS && smallestP(members, controls - Math.ceil(controls / 2)) < SIGNIFICANT));
  const seen = controls === null ? `${members} members` : `${members} members and ${controls} controls`;
  return {
    name: 'size',
    passed: enough,
    reason: `${seen} could be compared.`,
    help: 'Give usable photos of more people: at least 3 members and 20 controls, better hundreds of each.',
  };
}

/** The smallest p that shuffling can give: one labelling in C(members + tested, members) is as extreme as can be. */
function smallestP(members: number, tested: number): number {
  let p = 1;
  for (let i = 1; i <= Math.min(members, tested); i++) p *= i / (Math.max(members, tested) + i);
  return p;
}

/** The least share of samples that must show a face: of fewer, what was compared is not what the generator makes. */
const LEAST_FACES = 0.5;

/** Whether there was anything to compare: a generator most of whose samples lack a face has not been audited. */
export function facesGate(samples: number, undetected: number): Gate {
  return {
    name: 'faces',
    passed: samples - undetected >= LEAST_FACES * samples,
    reason: `A face was found in ${samples - undetected} of ${samples} samples.`,
    help: 'Look at a few samples: the range, the latent distribution or the checkpoint itself may be wrong.',
  };
}

/** What the verdict rests on; `test` is null without controls, or where a failed gate kept it from being done. */
export interface Grounds {
  readonly gates: readonly Gate[];
  readonly controlsGiven: boolean;
  readonly test: { readonly delta: Interval; readonly permutation: PermutationTest } | null;
}

/** @throws RangeError if controls were given and every gate passed, yet there is no test. */
export function decide({ gates, controlsGiven, test }: Grounds): Verdict {
  if (gates.some(({ passed }) => !passed)) return 'INVALID';
  if (!controlsGiven) return 'RESEMBLANCE_ONLY';
  if (!test) throw new RangeError('There is no test to decide by.');
  return test.delta.low > 0 && test.permutation.p < SIGNIFICANT ? 'LEAKAGE' : 'NOT_DETECTED';
}
