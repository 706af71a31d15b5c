import '../../../shared/audit/numbers/intervals.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { compareSamples } from '../../../shared/audit/numbers/two-samples.ts';

describe('two samples', () => {
  it('give the numbers of scipy', () => {
    // scipy.stats.ks_2samp(a, b).statistic, mannwhitneyu(a, b, method='asymptotic').pvalue
    const a = [
      0.61, 0.29, 0.06, 0.59, -1.73, -0.74, 0.51, -0.56, 0.39, 1.64, 0.05, -0.06, 0.64, -0.82, 0.37, 1.77, 1.09,
    ];
    const b = [-1.28, 2.36, 1.31, 1.05, -0.32, -0.4, 1.06, -2.47, -0.5, 0.35, 0.24, 3.05];
    const { distance, pDistance, pRanks } = compareSamples(a, b);
    expect(distance).toBeCloseTo(0.240196, 5);
    expect(pRanks).toBeCloseTo(0.911853, 5);
    // The series of Kolmogorov's distribution, summed by itself.
    expect(pDistance).toBeCloseTo(0.750973, 5);
  });

  const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 30 });

  it('say the same whichever comes first, and of any rising function of them', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = compareSamples(a, b);
        expect(compareSamples(b, a)).toEqual(found);
        expect(compareSamples(a.map(Math.exp), b.map(Math.exp))).toEqual(found);
        expect(found.pDistance).toBeGreaterThanOrEqual(0);
        expect(found.pRanks).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are alike where they are the same, and differ where they have nothing in common', () => {
    expect(compareSamples([1, 2, 3], [1, 2, 3])).toEqual({ distance: 0, pDistance: 1, pRanks: 1 });
    const low = Array.from({ length: 30 }, (_, i) => i);
    const apart = compareSamples(
      low,
      low.map((value) => value + 100),
    );
    expect(apart.distance).toBe(1);
    expect(Math.max(apart.pDistance, apart.pRanks)).toBeLessThan(1e-9);
  });

  it('of one distribution rarely have a small p', () => {
    const random = new RandomState(1);
    const draw = (n: number) => Array.from({ length: n }, () => random.gauss());
    const small = { distance: 0, ranks: 0 };
    for (let i = 0; i < 2000; i++) {
      const { pDistance, pRanks } = compareSamples(draw(20), draw(40));
      if (pDistance < 0.05) small.distance += 1;
      if (pRanks < 0.05) small.ranks += 1;
    }
    // Binomial: 100 expected of 2,000, 140 with probability 1e-4.
    expect(small.distance).toBeLessThan(140);
    expect(small.ranks).toBeLessThan(140);
    expect(small.ranks).toBeGreaterThan(60);
  });

  it('must not be empty', () => {
    expect(() => compareSamples([], [1])).toThrow(RangeError);
  });
});
