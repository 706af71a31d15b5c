import { describe, expect, it } from 'vitest';
import { type AnalysisSettings, analyse } from '../../shared/audit/analysis.ts';
import { RandomState } from '../../shared/audit/random.ts';
import { type Enrolled, layOut } from '../../shared/audit/roster.ts';
import { batchCount, batchRange } from '../../shared/audit/shards.ts';
import { type Summary, summarise } from '../../shared/audit/summary.ts';
import { TallyBuilder } from '../../shared/audit/tally-builder.ts';
import { decide, facesGate, sizeGate } from '../../shared/audit/verdict.ts';
import { reportSchema } from '../../shared/report/model.ts';
import { enrolled } from './probe.ts';

const settings: AnalysisSettings = { seed: 1, controlsGiven: true, matches: 10, permutations: 999, bootstraps: 200 };

/** A generator that copies `leaked` members: strangers score around 0.2, a copied face 0.8, from sample 150 on. */
function audit(members: number, controls: number, leaked: number, { seed = 1, found = true } = {}) {
  const roster: Enrolled[] = [
    ...Array.from({ length: members }, (_, i) => enrolled(`m${i}`, 'members', 2)),
    ...Array.from({ length: controls }, (_, i) => enrolled(`c${i}`, 'controls', 2)),
  ];
  return { roster, summary: summaryOf(roster, leaked, seed, found) };
}

function summaryOf(roster: readonly Enrolled[], leaked: number, seed: number, found: boolean): Summary {
  const layout = layOut(roster);
  const faces = layout.identityOf.length;
  const frame = { samples: 200, batch: 10, seed: 100, identities: roster.length, faces };
  const random = new RandomState(seed);
  const batches = batchCount(frame);
  const builder = new TallyBuilder(frame, { firstBatch: 0, batches }, layout);
  for (let batch = 0; batch < batches; batch++) {
    const { first, count } = batchRange(frame, batch);
    const columnMax = Float32Array.from({ length: faces }, () => 0.2 + 0.05 * random.gauss());
    const columnArg = Int32Array.from({ length: faces }, () => random.below(count));
    if (batch === 15) for (let identity = 0; identity < leaked; identity++) columnMax[2 * identity] = 0.8;
    builder.addBatch({
      batch,
      firstSeed: frame.seed + first,
      rows: count,
      columnMax,
      columnArg,
      topValues: new Float32Array(count).fill(0.2),
      topFaces: new Int32Array(count),
      faceFound: new Uint8Array(count).fill(found ? 1 : 0),
    });
  }
  return summarise(builder.finish());
}

describe('analyse', () => {
  it('finds leaked members', () => {
    const { roster, summary } = audit(100, 100, 30);
    const analysis = analyse(summary, roster, settings);
    expect(analysis.verdict).toBe('LEAKAGE');
    expect(analysis.threshold?.identities).toBe(50);
    expect(analysis.rates?.members).toMatchObject({ identities: 100 });
    expect(analysis.rates?.members.hits).toBeGreaterThanOrEqual(30);
    expect(analysis.rates?.controls.identities).toBe(50);
    expect(analysis.delta?.low).toBeGreaterThan(0.1);
    expect(analysis.permutation?.p).toBe(0.001);
    expect(analysis.reasons.join(' ')).toMatch(/of 100 \(.*%\) members are revealed/);
  });

  it('lists the best match of each identity: similarity, then seed, then name', () => {
    const { roster, summary } = audit(100, 100, 30);
    const { matches, threshold } = analyse(summary, roster, { ...settings, matches: 200 });
    expect(matches.map(({ rank }) => rank)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(new Set(matches.map(({ identity }) => identity)).size).toBe(200);
    for (const [i, match] of matches.entries()) {
      expect(match.revealed).toBe(match.similarity > threshold!.value);
      expect(match.photo.startsWith(`${match.identity}-`)).toBe(true);
      if (i < 30) expect(match).toMatchObject({ role: 'members', similarity: Math.fround(0.8) });
      const before = matches[i - 1];
      if (!before || before.similarity > match.similarity) continue;
      expect(before.seed < match.seed || (before.seed === match.seed && before.identity < match.identity)).toBe(true);
    }
    expect(analyse(summary, roster, { ...settings, matches: 5 }).matches).toEqual(matches.slice(0, 5));
  });

  it('shows when people were revealed', () => {
    const { roster, summary } = audit(100, 100, 30);
    const { revealCurve, rates } = analyse(summary, roster, settings);
    expect(revealCurve.at(-1)).toEqual({
      samples: 200,
      members: rates!.members.rate,
      controls: rates!.controls.rate,
    });
    const at = (samples: number) => revealCurve.findLast((point) => point.samples <= samples)!.members;
    expect(at(150)).toBeLessThan(0.1);
    expect(at(200)).toBeGreaterThanOrEqual(0.3);
  });

  it('claims nothing of a generator that copies nobody, in all but a few of 40 audits', () => {
    let claims = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { roster, summary } = audit(60, 60, 0, { seed });
      const analysis = analyse(summary, roster, { ...settings, seed, permutations: 199, bootstraps: 20 });
      if (analysis.verdict !== 'NOT_DETECTED') claims++;
      expect(analysis.reasons.join(' ')).toContain('does not prove that nobody leaks');
    }
    expect(claims).toBeLessThanOrEqual(1);
  });

  it('claims no leak when it is the controls who are copied', () => {
    const { roster, summary } = audit(100, 100, 30);
    const swapped = roster.map((person, i) => ({
      ...person,
      role: i < 100 ? ('controls' as const) : ('members' as const),
    }));
    expect(analyse(summary, swapped, settings).verdict).toBe('NOT_DETECTED');
  });

  it('speaks of resemblance only when there are no controls', () => {
    const { roster, summary } = audit(50, 0, 5);
    const analysis = analyse(summary, roster, { ...settings, controlsGiven: false });
    expect(analysis).toMatchObject({ verdict: 'RESEMBLANCE_ONLY', threshold: null, delta: null, auc: null, roc: [] });
    expect(analysis.matches[0]).toMatchObject({ similarity: Math.fround(0.8), revealed: false });
    expect(analysis.histogram.members.reduce((a, b) => a + b)).toBe(50);
  });

  it.each([
    [100, 19],
    [100, 0],
    [1, 100],
  ])('is invalid with %i members and %i controls, and gives no number', (members, controls) => {
    const { roster, summary } = audit(members, controls, 1);
    const analysis = analyse(summary, roster, settings);
    expect(analysis).toMatchObject({
      verdict: 'INVALID',
      threshold: null,
      rates: null,
      delta: null,
      permutation: null,
    });
    expect(analysis.reasons[0]).toBe(`${members} members and ${controls} controls could be compared.`);
  });

  it('is invalid when no sample had a face', () => {
    const { roster, summary } = audit(50, 50, 0, { found: false });
    const analysis = analyse(summary, roster, settings);
    expect(analysis.verdict).toBe('INVALID');
    expect(analysis.matches).toEqual([]);
    expect(analysis.reasons[0]).toBe('A face was found in 0 of 200 samples.');
  });

  it('repeats to the bit', () => {
    const { roster, summary } = audit(40, 40, 4);
    expect(analyse(summary, roster, settings)).toEqual(analyse(summary, roster, settings));
  });

  it('fits the report', () => {
    const statistics = reportSchema.pick({
      verdict: true,
      reasons: true,
      threshold: true,
      rates: true,
      delta: true,
      auc: true,
      permutation: true,
      matches: true,
      histogram: true,
      roc: true,
      revealCurve: true,
    });
    for (const [leaked, controls] of [
      [30, 100],
      [0, 100],
      [5, 0],
    ] as const) {
      const { roster, summary } = audit(50, controls, leaked);
      const { gates, aucPermutation, ...fields } = analyse(summary, roster, {
        ...settings,
        controlsGiven: controls > 0,
      });
      expect(gates).toHaveLength(2);
      expect(aucPermutation === null).toBe(controls === 0);
      expect(statistics.parse(fields)).toEqual(fields);
    }
  });
});

describe('decide', () => {
  const gates = [sizeGate(100, 100), facesGate(10, 0)];
  const test = (low: number, p: number) => ({
    delta: { estimate: 0.1, low, high: 0.2 },
    permutation: { p, draws: 9999 },
  });

  it.each([
    [0.01, 0.0001, 'LEAKAGE'],
    [0.01, 0.01, 'NOT_DETECTED'],
    [0, 0.0001, 'NOT_DETECTED'],
    [-0.01, 0.5, 'NOT_DETECTED'],
  ] as const)('on a lower bound of %s and p = %s: %s', (low, p, verdict) => {
    expect(decide({ gates, controlsGiven: true, test: test(low, p) })).toBe(verdict);
  });

  it('lets a failed gate overrule everything', () => {
    const failed = [...gates, sizeGate(1, 100)];
    expect(decide({ gates: failed, controlsGiven: true, test: test(0.1, 0.0001) })).toBe('INVALID');
    expect(decide({ gates: failed, controlsGiven: false, test: null })).toBe('INVALID');
  });

  it('never decides without a test', () => {
    expect(() => decide({ gates, controlsGiven: true, test: null })).toThrow(RangeError);
  });

  it('asks for 20 controls, and for so many people that the test can reach significance at all', () => {
    const passes = (members: number, controls: number | null) => sizeGate(members, controls).passed;
    expect([passes(3, 20), passes(3, 19), passes(1, 200)]).toEqual([true, false, false]);
    expect([passes(2, null), passes(1, null)]).toEqual([true, false]);
    // Two members need 13 tested controls: 1 / C(15, 2) < 0.01 < 1 / C(14, 2).
    expect([passes(2, 24), passes(2, 26)]).toEqual([false, true]);
  });

  it('asks that half of the samples searched show a face', () => {
    expect([facesGate(100, 50).passed, facesGate(100, 51).passed]).toEqual([true, false]);
  });
});
