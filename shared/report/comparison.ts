import { z } from 'zod';
import { type Baseline, baselineOf, underKey } from './baseline.ts';
import { comparisonReasons } from './comparison-words.ts';
import { differences } from './conditions.ts';
import { countJudges } from './findings.ts';
import { rounding } from './json.ts';
import { type Interval, type Named, type Report, reportSchema, verdictSchema } from './model.ts';

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

/** Compares an audit with an earlier one. With a key, names and pseudonyms under it are the same people. */
export function compareReports(baseline: Baseline, report: Report, key?: Uint8Array): Comparison {
  const now = baselineOf(report);
  const found = differences(baseline, now);
  const comparable = found.every(({ decisive }) => !decisive);
  const judging = comparable ? judgingInBoth(baseline, now) : [];
  const deltas = judging.flatMap(([name, a, b]) => change(name, a.delta, b.delta));
  const aucs = judging.flatMap(([name, a, b]) => change(name, a.auc, b.auc));
  const facts = {
    before: { verdict: baseline.verdict, file: baseline.generator.file },
    now: { verdict: now.verdict, file: now.generator.file },
    comparable,
    differences: found,
    deltas,
    aucs,
    greater: deltas.length === 0 ? null : deltas.every((one) => (one.change?.low ?? 0) > 0),
    people: comparable ? people(baseline, report, key) : null,
  };
  const outcome = outcomeOf(facts);
  return comparisonSchema.parse({
    schema: 'rewound.comparison/1',
    outcome,
    reasons: comparisonReasons({ ...facts, outcome }),
    ...facts,
  });
}

/** `comparison.json`: the same comparison always gives the same bytes. */
export function renderComparison(comparison: Comparison): string {
  return `${JSON.stringify(rounding(comparison), null, 2)}\n`;
}

export type Facts = Omit<Comparison, 'schema' | 'outcome' | 'reasons'>;

/** A baseline can only excuse leakage that it had itself, and that can be held beside what there is now. */
function outcomeOf({ before, now, comparable, greater, people }: Facts): Comparison['outcome'] {
  if (now.verdict === 'NOT_DETECTED') return 'NO_NEW_LEAKAGE';
  if (now.verdict !== 'LEAKAGE') return 'NO_CLAIM';
  if (before.verdict !== 'LEAKAGE') return 'NEW_LEAKAGE';
  if (!comparable) return 'NO_CLAIM';
  return greater || people?.added.some(({ decides }) => decides) ? 'NEW_LEAKAGE' : 'NO_NEW_LEAKAGE';
}

type Judge = Baseline['recognizers'][number];

function judgingInBoth(before: Baseline, now: Baseline): [string, Judge, Judge][] {
  return now.recognizers.flatMap((judge, i): [string, Judge, Judge][] => {
    const earlier = before.recognizers[i];
    return judge.judges && earlier?.judges ? [[judge.name, earlier, judge]] : [];
  });
}

function change(recognizer: string, before: Interval | null, now: Interval | null) {
  if (before === null || now === null) return [];
  // The two audits share their people, so their errors are not independent. Ends that are added hold whatever they are.
  const difference = {
    estimate: now.estimate - before.estimate,
    low: now.low - before.high,
    high: now.high - before.low,
  };
  return [{ recognizer, before, now, change: difference }];
}

function people(baseline: Baseline, report: Report, key: Uint8Array | undefined): Comparison['people'] {
  const before = new Set(baseline.named.people.map((person) => underKey(person, key)));
  const added = report.identities.filter(({ identity }) => !before.has(underKey(identity, key)));
  const kept = report.identities.length - added.length;
  const level = report.discoveries.decisiveQ / countJudges(report);
  const q = qAlone(added, report.members.identities);
  const controls = report.controls?.identities ?? 0;
  const fewest = Math.ceil(report.members.identities / (level * (controls + 1)));
  return {
    before: before.size,
    now: report.identities.length,
    kept,
    gone: before.size - kept,
    added: added.map(({ identity, confirmed }, i) => ({
      identity,
      confirmed: confirmed === true,
      q: q[i]!,
      decides: confirmed === true && q[i]! <= level,
    })),
    fewestByCounting: fewest <= report.members.identities ? fewest : null,
  };
}

/**
 * The q values of those who are new, by either tier. Their q in the report counts in how many are named in all, and so
 * would be lent to them by people long known: here Benjamini and Hochberg's procedure is made of them alone, still among
 * as many members as there are.
 */
function qAlone(added: readonly Named[], members: number): number[] {
  const counted = adjusted(
    added.map(({ pConformal }) => pConformal),
    members,
  );
  const fitted = adjusted(
    added.map(({ pTail }) => pTail ?? 1),
    members,
  );
  return added.map((_, i) => Math.min(counted[i]!, fitted[i]!));
}

function adjusted(p: readonly number[], tests: number): number[] {
  const order = [...p.keys()].sort((a, b) => p[b]! - p[a]!);
  const q = new Array<number>(p.length);
  let least = 1;
  order.forEach((place, i) => {
    least = Math.min(least, (p[place]! * tests) / (p.length - i));
    q[place] = least;
  });
  return q;
}
