/** Follows the numbers of an audit over the snapshots of a training. */
import { z } from 'zod';
import { rounding } from '../json.ts';
import { reportSchema, verdictSchema } from '../model.ts';
import { GATES } from '../words.ts';
import type { Baseline } from './baseline.ts';
import { differences, differenceWords } from './conditions.ts';
import type { Labels } from './trend-labels.ts';

/** Several audits in the order of training, version 1: what `rewound trend --json` prints. Nobody is named. */

const count = z.int().min(0);
const { delta: intervalSchema } = reportSchema.shape;

const pointSchema = z.strictObject({
  label: z.string(),
  /** The number in the label, by which points are placed; null: they stand in the order given. */
  number: z.number().nullable(),
  verdict: verdictSchema,
  file: z.string(),
  samples: count,
  /** By the first recognizer. Null, like auc, where the audit makes no claim. */
  delta: intervalSchema,
  auc: intervalSchema,
  named: count.nullable(),
  confirmed: count.nullable(),
  /** How often the most frequent of those named is shown, in samples that had no part in naming. */
  emission: intervalSchema,
  /** Why there is nothing to draw; null where there is. */
  gap: z.string().nullable(),
  /** Why its numbers cannot be compared with those of the first. */
  unlike: z.array(z.string()),
});

/** @internal */
export const trendSchema = z.strictObject({
  schema: z.literal('rewound.trend/1'),
  recognizer: z.string(),
  points: z.array(pointSchema).min(1),
});
export type Trend = z.infer<typeof trendSchema>;
export type TrendPoint = z.infer<typeof pointSchema>;

/** Audits in the order given, each with what tells its path from those of the others. */
export function trendOf(audits: readonly Baseline[], { labels, numbers }: Labels): Trend {
  const [first] = audits;
  if (!first) throw new RangeError('There is no audit.');
  const points = audits.map((audit, i): TrendPoint => {
    const gap = gapOf(audit);
    const [judge] = audit.recognizers;
    const unlike = differences(first, audit).filter(({ decisive }) => decisive);
    return {
      label: labels[i] ?? String(i + 1),
      number: numbers?.[i] ?? null,
      verdict: audit.verdict,
      file: audit.generator.file,
      samples: audit.audit.samples,
      delta: gap === null ? (judge?.delta ?? null) : null,
      auc: gap === null ? (judge?.auc ?? null) : null,
      named: gap === null ? audit.named.people.length : null,
      confirmed: gap === null ? audit.named.confirmed : null,
      emission: gap === null ? audit.named.emission : null,
      gap,
      unlike: unlike.map(differenceWords),
    };
  });
  return trendSchema.parse({ schema: 'rewound.trend/1', recognizer: first.recognizers[0]?.name, points });
}

/** The same trend always gives the same bytes. */
export function renderTrendJson(trend: Trend): string {
  return `${JSON.stringify(rounding(trend), null, 2)}\n`;
}

/** Whether points stand where their numbers say. */
export function isNumbered({ points }: Trend): boolean {
  return points.every(({ number }) => number !== null);
}

function gapOf({ verdict, failed, recognizers }: Baseline): string | null {
  if (verdict === 'INVALID') {
    return failed.length === 0 ? 'INVALID.' : `INVALID, not met: ${failed.map((name) => GATES[name]).join('; ')}.`;
  }
  if (verdict === 'RESEMBLANCE_ONLY') return 'RESEMBLANCE_ONLY: no controls, so there is no difference.';
  return recognizers[0]?.delta ? null : 'The first recognizer gives no difference.';
}
