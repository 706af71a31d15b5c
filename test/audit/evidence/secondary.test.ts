import { describe, expect, it } from 'vitest';
import { authenticity, dataCopying, distanceRatio } from '../../../shared/audit/evidence/secondary.ts';
import { BINS, binOf } from '../../../shared/audit/numbers/bins.ts';
import { clopperPearson } from '../../../shared/audit/numbers/intervals.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

function uniform(random: RandomState, n: number, low: number, high: number): Float32Array {
  const out = new Float64Array(n);
  random.uniform(low, high, out);
  return Float32Array.from(out);
}

function binned(similarity: Float32Array): Float64Array {
  const bins = new Float64Array(BINS);
  for (const value of similarity) bins[binOf(value)]! += 1;
  return bins;
}

describe('data-copying Z_U', () => {
  it('is that of scipy, with ties and samples that have no member near them', () => {
    const random = new RandomState(3);
    const generated = uniform(random, 300, 0.2, 0.9);
    const heldOut = uniform(random, 120, 0.1, 0.8);
    // scipy 1.17: mannwhitneyu of the bins, 25 more samples below all bins, asymptotic and without a correction for
    // continuity; norm.ppf of its one-sided p.
    expect(dataCopying(binned(generated), 325, heldOut)).toBeCloseTo(-2.436372922508265, 9);
  });

  it('is far below 0 for copies, about 0 for faces like the held-out ones, above 0 for faces unlike any', () => {
    const random = new RandomState(4);
    const heldOut = uniform(random, 500, 0.2, 0.5);
    const of = (low: number, high: number) => dataCopying(binned(uniform(random, 2000, low, high)), 2000, heldOut)!;
    expect(of(0.8, 1)).toBeLessThan(-20);
    expect(Math.abs(of(0.2, 0.5))).toBeLessThan(4);
    expect(of(0, 0.2)).toBeGreaterThan(20);
  });

  it('is null without samples or controls, and 0 where all are alike', () => {
    expect(dataCopying(new Float64Array(BINS), 0, Float32Array.of(0.5))).toBeNull();
    expect(dataCopying(binned(Float32Array.of(0.5)), 1, new Float32Array(0))).toBeNull();
    expect(dataCopying(binned(Float32Array.of(0.5)), 1, Float32Array.of(0.5))).toBe(0);
  });
});

describe('other secondary numbers', () => {
  it('authenticity is a rate with its interval, where it was counted', () => {
    expect(authenticity(90, 100)).toEqual(clopperPearson(90, 100));
    expect(authenticity(null, 100)).toBeNull();
    expect(authenticity(0, 0)).toBeNull();
  });

  it('the distance ratio is below 1 where samples lie nearer to members', () => {
    expect(distanceRatio([0.9, 0.8, 0.5], [0.5, 0.6, 0.7])).toBeCloseTo(0.5, 12);
    expect(distanceRatio([0.5, 0.7], [0.6])).toBeCloseTo(1, 12);
    expect(distanceRatio([], [0.5])).toBeNull();
    expect(distanceRatio([0.5], [1])).toBeNull();
  });
});
