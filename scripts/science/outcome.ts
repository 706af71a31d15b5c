/** Reduces a simulated audit to what is counted of it. */
import type { Interval } from '../../shared/audit/numbers/intervals.ts';
import type { Analysis } from '../../shared/audit/verdict/analysis.ts';
import type { Conclusion } from '../../shared/audit/verdict/conclusion.ts';
import { differs, type Verdict } from '../../shared/audit/verdict/verdict.ts';

/** What a simulated audit came to, small enough to be counted by the thousand. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Names of the gates that failed. */
  readonly failed: readonly string[];
  /** Whether the sides as wholes differ enough for the verdict. */
  readonly differs: boolean;
  /** Members named, those of them who did not leak, and those of these whom fresh samples confirmed. */
  readonly named: number;
  readonly wrong: number;
  readonly wrongConfirmed: number;
  readonly threshold: number;
  readonly delta: Interval;
  readonly fraction: Interval | null;
}

export function outcomeOf(
  { comparison }: Analysis,
  { verdict, gates, people, pHolm }: Conclusion,
  leaked: (identity: number) => boolean,
): Outcome {
  if (!comparison) throw new Error('A simulated audit must be large enough to compare.');
  const wrong = people.filter(({ identity }) => !leaked(identity));
  return {
    verdict,
    failed: gates.filter(({ passed }) => passed === false).map(({ name }) => name),
    differs: differs({ delta: comparison.delta, pHolm: pHolm[0] ?? 1 }),
    named: people.length,
    wrong: wrong.length,
    wrongConfirmed: wrong.filter(({ fresh }) => fresh?.confirmed).length,
    threshold: comparison.threshold,
    delta: comparison.delta,
    fraction: comparison.leaked?.fraction ?? null,
  };
}
