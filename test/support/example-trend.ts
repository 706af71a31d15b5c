import { type Baseline, baselineOf } from '../../shared/report/compare/baseline.ts';
import { type Trend, trendOf } from '../../shared/report/compare/trend.ts';
import type { Verdict } from '../../shared/report/model.ts';
import { exampleReport } from './example-report.ts';

/** A training that begins to remember: one audit failed, one was made with more samples. */
export function exampleAudits(): Baseline[] {
  const steps: [verdict: Verdict, delta: number, named: number, samples: number][] = [
    ['NOT_DETECTED', 0.01, 0, 20_000],
    ['NOT_DETECTED', 0.04, 0, 20_000],
    ['INVALID', 0, 0, 20_000],
    ['LEAKAGE', 0.16, 3, 20_000],
    ['LEAKAGE', 0.24, 9, 20_000],
    ['LEAKAGE', 0.41, 22, 50_000],
    ['LEAKAGE', 0.37, 17, 20_000],
  ];
  return steps.map(([verdict, at, named, samples]) => {
    const report = exampleReport(verdict);
    const delta = { estimate: at, low: at - 0.06 - at / 5, high: at + 0.06 + at / 5 };
    const auc = { estimate: 0.5 + at * 0.9, low: 0.44 + at * 0.8, high: 0.56 + at * 0.95 };
    const [first, ...others] = report.results;
    return baselineOf({
      ...report,
      audit: { ...report.audit, samples },
      identities: report.identities.slice(0, named),
      results: [{ ...first!, delta, auc }, ...others],
    });
  });
}

export function exampleTrend(labels?: readonly string[]): Trend {
  const audits = exampleAudits();
  const numbers = audits.map((_, i) => 400 * (i + 1) + (i > 4 ? 2000 : 0));
  return labels === undefined
    ? trendOf(audits, {
        labels: numbers.map((number) => `network-snapshot-${String(number).padStart(6, '0')}`),
        numbers,
      })
    : trendOf(audits, { labels, numbers: null });
}
