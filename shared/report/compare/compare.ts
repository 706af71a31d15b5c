/** Compares an audit with an earlier one of the same people. */

import { countJudges } from '../findings.ts';
import type { Interval, Named, Report } from '../model.ts';
import { type Baseline, baselineOf, underKey } from './baseline.ts';
import { type Comparison, comparisonSchema, type Facts } from './comparison.ts';
import { comparisonReasons } from './comparison-words.ts';
import { differences } from './conditions.ts';

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
