/** `comparison.json`: its schema, and how it is written. */
import { z } from 'zod';
import { rounding } from '../json.ts';
import { reportSchema, verdictSchema } from '../model.ts';

/**
 * `comparison.json`, version 1: an audit beside an earlier one of the same people. Like report.json it holds people as
 * the report calls them.
 */

const count = z.int().min(0);
const { delta: intervalSchema } = reportSchema.shape;
const changeSchema = z.strictObject({
  recognizer: z.string(),
  before: intervalSchema,
  now: intervalSchema,
  /**
   * now - before. It reaches from now.low - before.high to now.high - before.low, so it holds the truth in at least 90 of
   * 100 pairs of audits, and is too high in at most 5, however much the two depend on each other.
   */
  change: intervalSchema,
});

export const comparisonSchema = z.strictObject({
  schema: z.literal('rewound.comparison/1'),
  /** NO_CLAIM: whether leakage is new cannot be said. */
  outcome: z.enum(['NEW_LEAKAGE', 'NO_NEW_LEAKAGE', 'NO_CLAIM']),
  reasons: z.array(z.string()),
  before: z.strictObject({ verdict: verdictSchema, file: z.string() }),
  now: z.strictObject({ verdict: verdictSchema, file: z.string() }),
  /** Whether the numbers of the two may be compared; where not, no change is given. */
  comparable: z.boolean(),
  differences: z.array(
    z.strictObject({ what: z.string(), before: z.string(), now: z.string(), decisive: z.boolean() }),
  ),
  /** By each recognizer that judges in both. */
  deltas: z.array(changeSchema),
  aucs: z.array(changeSchema),
  /** Whether, by all of them, the lower end of delta is above the upper end before; null: not comparable. */
  greater: z.boolean().nullable(),
  people: z
    .strictObject({
      before: count,
      now: count,
      kept: count,
      gone: count,
      /** Named now and not before. */
      added: z.array(
        z.strictObject({
          identity: z.string(),
          confirmed: z.boolean(),
          /** As if the audit had been about those alone whom the baseline does not name. */
          q: z.number().min(0).max(1),
          /** Confirmed, and with this q sure enough to be leakage alone. */
          decides: z.boolean(),
        }),
      ),
      /** How many new people it takes before counting controls can make one decide; null: more than there are. */
      fewestByCounting: count.nullable(),
    })
    .nullable(),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** `comparison.json`: the same comparison always gives the same bytes. */
export function renderComparison(comparison: Comparison): string {
  return `${JSON.stringify(rounding(comparison), null, 2)}\n`;
}

export type Facts = Omit<Comparison, 'schema' | 'outcome' | 'reasons'>;
