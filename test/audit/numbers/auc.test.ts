import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auc, aucInterval, rocCurve } from '../../../shared/audit/numbers/auc.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const scoreLists = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 20 });

describe('auc', () => {
  it('is the share of pairs in order, ties counting half', () => {
    // scipy.stats.mannwhitneyu gives U / (8 * 7)
    expect(auc([3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7, 9])).toBeCloseTo(0.22321428571428573, 15);
    fc.assert(
      fc.property(scoreLists, scoreLists, (members, controls) => {
        const pairs = members.flatMap((m) => controls.map((c): number => (m > c ? 1 : m === c ? 0.5 : 0)));
        expect(auc(members, controls)).toBeCloseTo(pairs.reduce((a, b) => a + b, 0) / pairs.length, 12);
      }),
    );
  });

  it('has an interval that holds the estimate and repeats with its seed', () => {
    const random = new RandomState(1);
    const members = Array.from({ length: 200 }, () => random.gauss() + 0.5);
    const controls = Array.from({ length: 200 }, () => random.gauss());
    const interval = aucInterval(members, controls, { seed: 5, draws: 500 });
    expect(interval).toEqual(aucInterval(members, controls, { seed: 5, draws: 500 }));
    expect(interval.estimate).toBe(auc(members, controls));
    expect(interval.low).toBeLessThan(interval.estimate);
    expect(interval.high).toBeGreaterThan(interval.estimate);
    // Hanley and McNeil's standard error at 0.64 with 200 each is 0.027.
    expect(interval.high - interval.low).toBeGreaterThan(0.08);
    expect(interval.high - interval.low).toBeLessThan(0.14);
  });
});

describe('rocCurve', () => {
  it('rises from (0,0) to (1,1) over the area', () => {
    fc.assert(
      fc.property(scoreLists, scoreLists, (members, controls) => {
        const curve = rocCurve(members, controls);
        expect(curve[0]).toEqual({ controls: 0, members: 0 });
        expect(curve.at(-1)).toEqual({ controls: 1, members: 1 });
        let area = 0;
        for (const [i, point] of curve.slice(1).entries()) {
          const before = curve[i]!;
          expect(point.controls).toBeGreaterThanOrEqual(before.controls);
          expect(point.members).toBeGreaterThanOrEqual(before.members);
          area += ((point.controls - before.controls) * (point.members + before.members)) / 2;
        }
        expect(area).toBeCloseTo(auc(members, controls), 12);
      }),
    );
  });

  it('is thinned to a limit, its ends kept', () => {
    const random = new RandomState(2);
    const draw = () => Float64Array.from({ length: 2_000 }, () => random.gauss());
    const curve = rocCurve(draw(), draw());
    expect(curve).toHaveLength(256);
    expect([curve[0], curve.at(-1)]).toEqual([
      { controls: 0, members: 0 },
      { controls: 1, members: 1 },
    ]);
  });
});
