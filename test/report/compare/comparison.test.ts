import { describe, expect, it } from 'vitest';
import { newcombe } from '../../../shared/audit/numbers/intervals.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { type Baseline, baselineOf } from '../../../shared/report/compare/baseline.ts';
import { compareReports } from '../../../shared/report/compare/compare.ts';
import { comparisonSchema, renderComparison } from '../../../shared/report/compare/comparison.ts';
import { renderComparisonText } from '../../../shared/report/compare/comparison-words.ts';
import type { Interval, Named, Report } from '../../../shared/report/model.ts';
import { pseudonymise } from '../../../shared/report/pseudonyms.ts';
import { WIDTH } from '../../../shared/report/text.ts';
import { exampleReport, exampleReports } from '../../support/example-report.ts';
import { named } from '../../support/example-statistics.ts';

const KEY = Buffer.alloc(32, 7);
const leaking = exampleReport('LEAKAGE');

/** The report with this difference by every recognizer. */
function withDelta(report: Report, delta: Interval): Report {
  return { ...report, delta, results: report.results.map((result) => ({ ...result, delta })) };
}

function person(identity: string, pConformal: number, changes: Partial<Named> = {}): Named {
  const p = { score: 0.8, hits: 3, photos: 4, q: 0.001, tier: 'both' as const, agree: 1 };
  return { ...named({ identity, pConformal, ...p, fresh: [5, 10_000] }), pTail: null, ...changes };
}

describe('the outcome', () => {
  it.each<[Report['verdict'], Report['verdict'], string]>([
    ['NOT_DETECTED', 'NOT_DETECTED', 'NO_NEW_LEAKAGE'],
    ['LEAKAGE', 'NOT_DETECTED', 'NO_NEW_LEAKAGE'],
    ['INVALID', 'NOT_DETECTED', 'NO_NEW_LEAKAGE'],
    ['LEAKAGE', 'LEAKAGE', 'NO_NEW_LEAKAGE'],
    ['NOT_DETECTED', 'LEAKAGE', 'NEW_LEAKAGE'],
    ['INVALID', 'LEAKAGE', 'NEW_LEAKAGE'],
    ['RESEMBLANCE_ONLY', 'LEAKAGE', 'NEW_LEAKAGE'],
    ['LEAKAGE', 'INVALID', 'NO_CLAIM'],
    ['LEAKAGE', 'RESEMBLANCE_ONLY', 'NO_CLAIM'],
  ])('%s, then %s: %s', (before, now, outcome) => {
    const comparison = compareReports(baselineOf(exampleReport(before)), exampleReport(now));
    expect(comparison.outcome).toBe(outcome);
    expect(comparison.reasons.join(' ')).toMatch(/\.$/);
  });

  it.each<[string, (report: Report) => Report]>([
    ['samples', (report) => ({ ...report, audit: { ...report.audit, samples: 50_000 } })],
    ['recognizers', (report) => ({ ...report, results: report.results.slice(0, 1) })],
    ['pictures', (report) => ({ ...report, generator: { ...report.generator, width: 128 } })],
    ['photos of members', (report) => ({ ...report, members: { ...report.members, photos: 577 } })],
    ['photos per person', (report) => ({ ...report, photosPerIdentity: 3 })],
    ['controls compared', (report) => ({ ...report, controls: { ...report.controls!, identities: 120 } })],
  ])('other %s: no number is compared, and whether leakage is new is not claimed', (what, change) => {
    const comparison = compareReports(baselineOf(change(leaking)), leaking);
    expect(comparison).toMatchObject({
      outcome: 'NO_CLAIM',
      comparable: false,
      greater: null,
      deltas: [],
      aucs: [],
      people: null,
    });
    expect(comparison.differences).toContainEqual(expect.objectContaining({ what, decisive: true }));
    expect(renderComparisonText(comparison)).toContain('not alike');
  });

  it('another seed, device or a few photos without a face are noted, and no more', () => {
    const before = {
      ...leaking,
      audit: { ...leaking.audit, seed: 9, device: 'cuda' as const },
      members: { ...leaking.members, identities: 79 },
    };
    const comparison = compareReports(baselineOf(before), leaking);
    expect(comparison).toMatchObject({ outcome: 'NO_NEW_LEAKAGE', comparable: true });
    expect(comparison.differences.map(({ what }) => what)).toEqual(['members compared', 'first seed', 'device']);
  });
});

describe('a greater difference', () => {
  it('is one whose lower end lies above the upper end before', () => {
    const before = withDelta(leaking, { estimate: 0.1, low: 0.05, high: 0.2 });
    const outcome = (low: number) =>
      compareReports(baselineOf(before), withDelta(leaking, { estimate: 0.4, low, high: 0.5 }));
    expect(outcome(0.2)).toMatchObject({ greater: false, outcome: 'NO_NEW_LEAKAGE' });
    expect(outcome(0.21)).toMatchObject({ greater: true, outcome: 'NEW_LEAKAGE' });
    expect(outcome(0.21).deltas[0]!.change).toEqual({
      estimate: expect.closeTo(0.3),
      low: expect.closeTo(0.01),
      high: expect.closeTo(0.45),
    });
  });

  it('must be one for every recognizer that judges', () => {
    const before = withDelta(leaking, { estimate: 0.1, low: 0.05, high: 0.2 });
    const [first, second] = leaking.results;
    const now = (pHolm: number | null): Report => ({
      ...leaking,
      results: [first!, { ...second!, pHolm, delta: { estimate: 0.1, low: 0.05, high: 0.2 } }],
    });
    expect(compareReports(baselineOf(before), now(0.0002)).greater).toBe(false);
    expect(compareReports(baselineOf(before), now(null)).greater).toBe(true);
  });

  it.each(['none', 'opposite', 'same'] as const)(
    'is seldom seen where there is none: %s dependence between the audits',
    (dependence) => {
      const random = new RandomState(1);
      const draws = new Float64Array(2);
      const runs = 4000;
      let wrong = 0;
      for (let run = 0; run < runs; run++) {
        const hits = [0, 0, 0, 0];
        for (const [side, size, rate] of [
          [0, 80, 0.3],
          [1, 80, 0.05],
        ] as const) {
          for (let i = 0; i < size; i++) {
            random.uniform(0, 1, draws);
            const [a, b] = [draws[0]!, draws[1]!];
            if (a < rate) hits[side]! += 1;
            if ({ none: b, opposite: 1 - a, same: b < 0.5 ? a : 2 * b - 1 }[dependence] < rate) hits[2 + side]! += 1;
          }
        }
        const delta = (at: number) => newcombe({ hits: hits[at]!, trials: 80 }, { hits: hits[at + 1]!, trials: 80 });
        if (delta(2).low > delta(0).high) wrong += 1;
      }
      expect(wrong / runs).toBeLessThan({ none: 0.006, opposite: 0.02, same: 0.001 }[dependence]);
    },
  );
});

describe('people', () => {
  const before = { ...leaking, identities: leaking.identities.slice(0, 20) };
  const now = (identities: Named[], controls = 160): Report => ({
    ...leaking,
    identities,
    discoveries: { ...leaking.discoveries, decisiveQ: 0.002 },
    controls: { ...leaking.controls!, identities: controls },
  });
  const known = before.identities;

  it('are counted as kept, added and gone', () => {
    const { people } = compareReports(baselineOf(before), now([...known.slice(5), person('somebody', 0.01)]));
    expect(people).toMatchObject({ before: 20, now: 16, kept: 15, gone: 5 });
    expect(people!.added).toMatchObject([{ identity: 'somebody', confirmed: true, decides: false }]);
  });

  it('who are new need a q of their own, not one lent by people long known', () => {
    const p = 0.0005;
    const crowd = known.map((one) => ({ ...one, pConformal: 1e-6 }));
    const alone = compareReports(baselineOf(before), now([...crowd, person('somebody', p, { q: 0.0019 })]));
    expect(alone.people!.added[0]!.q).toBeCloseTo(80 * p);
    expect(alone.outcome).toBe('NO_NEW_LEAKAGE');
    const sure = compareReports(baselineOf(before), now([...crowd, person('somebody', 0.5, { pTail: 1e-6 })]));
    expect(sure.people!.added[0]).toMatchObject({ q: expect.closeTo(8e-5), decides: true });
    expect(sure.outcome).toBe('NEW_LEAKAGE');
    const unseen = person('somebody', 0.5, { pTail: 1e-6, confirmed: false });
    expect(compareReports(baselineOf(before), now([...crowd, unseen])).outcome).toBe('NO_NEW_LEAKAGE');
  });

  it('together lend each other theirs, as Benjamini and Hochberg let them', () => {
    const p = [0.00001, 0.00003, 0.00002];
    const { people } = compareReports(baselineOf(before), now(p.map((one, i) => person(`new${i}`, one))));
    expect(people!.added.map(({ q }) => q)).toEqual([0.0008, 0.0008, 0.0008].map((q) => expect.closeTo(q, 8)));
  });

  it('it is said how many new ones counting takes, or that it cannot', () => {
    const fewest = (controls: number) => {
      const report = now(known, controls);
      return compareReports(baselineOf(report), report).people!.fewestByCounting;
    };
    // Two recognizers judge, so the level is 0.001.
    expect(fewest(160)).toBeNull();
    expect(fewest(9_999)).toBe(8);
    expect(fewest(99_999)).toBe(1);
  });

  it('under pseudonyms are the same people, whichever side is', () => {
    const hidden = pseudonymise(leaking, KEY);
    const all: [Baseline, Report][] = [
      [baselineOf(leaking, KEY), leaking],
      [baselineOf(leaking), hidden],
      [baselineOf(hidden), leaking],
      [baselineOf(hidden), hidden],
    ];
    for (const [baseline, report] of all) {
      expect(compareReports(baseline, report, KEY).people).toMatchObject({ gone: 0, added: [] });
    }
    const other = compareReports(baselineOf(hidden), leaking, Buffer.alloc(32, 8));
    expect(other.people!.added).toHaveLength(leaking.identities.length);
  });
});

describe('what is written', () => {
  const every = exampleReports().flatMap(([a, before]) =>
    exampleReports().map(([b, now]) => [`${a}, ${b}`, compareReports(baselineOf(before), now)] as const),
  );

  it.each(every)('%s: the file holds its own schema; the text names nobody and fits its width', (_, comparison) => {
    expect(comparisonSchema.parse(JSON.parse(renderComparison(comparison)))).toBeTruthy();
    const text = renderComparisonText(comparison);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(WIDTH);
    for (const { identity } of comparison.people?.added ?? []) expect(text).not.toContain(identity);
    expect(text).not.toMatch(/NaN|undefined|\bnull\b/);
  });
});
