/** Picks the findings of a report that the first screen shows. */
import type { Gate, Named, RecognizerResult, Report } from './model.ts';

/** What every rendering has to know of a report, worked out once. */

/** A p at or above it decides nothing. */
const SIGNIFICANT = 0.01;

/** The recognizer by which members as a group are found more often than controls; the first that does, or null. */
export function decidingResult({ results }: Report): RecognizerResult | null {
  return results.find(({ delta, pHolm }) => delta !== null && delta.low > 0 && (pHolm ?? 1) < SIGNIFICANT) ?? null;
}

/** The named people who came up again in fresh samples. */
export function confirmed({ identities }: Report): Named[] {
  return identities.filter((person) => person.confirmed === true);
}

/** How many recognizers judge: one that does not know people again does not, where another one does. */
export function countJudges({ results }: Report): number {
  return Math.max(1, results.filter(({ pHolm }) => pHolm !== null).length);
}

/**
 * Of those confirmed, who make the verdict LEAKAGE alone, the most frequent first. They must be surer than to be named,
 * and with several recognizers surer still.
 */
export function decidingPeople(report: Report): Named[] {
  const { decisiveQ } = report.discoveries;
  const judges = countJudges(report);
  return confirmed(report)
    .filter(({ q }) => q <= decisiveQ / judges)
    .sort((a, b) => (b.fresh?.rate ?? 0) - (a.fresh?.rate ?? 0));
}

export interface GateCount {
  readonly met: number;
  readonly failed: readonly Gate[];
  readonly notJudged: number;
}

export function countGates({ gates }: Report): GateCount {
  return {
    met: gates.filter(({ passed }) => passed === true).length,
    failed: gates.filter(({ passed }) => passed === false),
    notJudged: gates.filter(({ passed }) => passed === null).length,
  };
}
