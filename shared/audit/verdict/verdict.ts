/** Decides the verdict. */
import type { Interval } from '../numbers/intervals.ts';
import type { Gate } from './gate.ts';

/**
 * LEAKAGE: people trained on are given away more than comparable people who were not. NOT_DETECTED: that was not
 * found, which is never "safe". RESEMBLANCE_ONLY: without controls the two cannot be told apart. INVALID: a gate failed.
 */
export type Verdict = 'LEAKAGE' | 'NOT_DETECTED' | 'RESEMBLANCE_ONLY' | 'INVALID';

/** A p at or above it is not enough for a claim. */
export const SIGNIFICANT = 0.01;
/**
 * The q, in either tier, with which one named person decides the verdict alone. Fresh samples are no second test where
 * being resembled is a property of the person: whoever scored high by chance does so again. So this q alone keeps the
 * chance that somebody decides where nobody leaked at 0.2% in each tier. Were it that of naming, one in ten such audits
 * would end in LEAKAGE.
 */
export const DECISIVE_Q = 0.002;

/** What one recognizer says. */
export interface Test {
  readonly delta: Interval;
  /** Of the permutation test on delta, adjusted for the number of recognizers (Holm 1979). */
  readonly pHolm: number;
  /** Named members who suffice for the verdict by themselves. */
  readonly decisive: number;
}

/** What the verdict rests on; without controls, or where a failed gate kept them from being done, there are no tests. */
export interface Grounds {
  readonly gates: readonly Gate[];
  readonly controlsGiven: boolean;
  readonly tests: readonly Test[];
}

/**
 * LEAKAGE if members as a whole are given away more (the interval of Delta lies above zero and p < 0.01), or if at least
 * one named person is found again in fresh samples.
 *
 * @throws RangeError if controls were given and every gate passed, yet there is no test.
 */
export function decide({ gates, controlsGiven, tests }: Grounds): Verdict {
  if (gates.some(({ passed }) => passed === false)) return 'INVALID';
  if (!controlsGiven) return 'RESEMBLANCE_ONLY';
  if (tests.length === 0) throw new RangeError('There is no test to decide by.');
  return tests.some(leaks) ? 'LEAKAGE' : 'NOT_DETECTED';
}

/** Whether the sides as wholes differ. */
export function differs({ delta, pHolm }: Pick<Test, 'delta' | 'pHolm'>): boolean {
  return delta.low > 0 && pHolm < SIGNIFICANT;
}

function leaks(test: Test): boolean {
  return differs(test) || test.decisive > 0;
}
