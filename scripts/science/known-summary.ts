/** Summarises the known answers for docs/science.md. */
import { type Answer, KNOWN, meanAnswer } from './known.ts';
import type { KnownAudit } from './studies.ts';

/** One row of the known answers, as it came out. */
export interface KnownSummary {
  readonly key: keyof typeof KNOWN;
  readonly audits: number;
  readonly mean: Answer;
  readonly verdicts: Readonly<Record<string, number>>;
}

export function summariseKnown(audits: readonly Record<string, KnownAudit>[]): readonly KnownSummary[] {
  return (Object.keys(KNOWN) as (keyof typeof KNOWN)[]).map((key) => {
    const rows = audits.map((audit) => audit[key]!);
    const verdicts: Record<string, number> = {};
    for (const { verdict } of rows) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    return { key, audits: rows.length, mean: meanAnswer(rows.map(({ answer }) => answer)), verdicts };
  });
}
