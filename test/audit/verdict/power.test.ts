import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permuteDelta } from '../../../shared/audit/evidence/permute-delta.ts';
import { calibrate } from '../../../shared/audit/evidence/threshold.ts';
import { newcombe } from '../../../shared/audit/numbers/intervals.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { detectable, samplesNeeded, zeroHitBound } from '../../../shared/audit/verdict/power.ts';

describe('detectable', () => {
  it.each([
    // scipy.stats: hypergeom.sf, and binom.pmf of both groups convolved, for every h and k in turn.
    [500, 2, 250, 1, 19],
    [500, 2, 250, 0.8, 26],
    [500, 0, 250, 0.6, 27],
    [1000, 13, 400, 0.5, 91],
    [50, 5, 250, 0.9, 8],
    [20, 0, 10, 1, 10],
    [3, 0, 10, 1, 3],
    // Not even everybody: too few people, a matcher that misses too many, or controls hit like leaked people.
    [2, 0, 10, 1, null],
    [3, 0, 10, 0.7, null],
    [500, 2, 250, 0, null],
    [40, 250, 250, 1, null],
  ])('of %i members, %i of %i controls hit and a genuine rate of %s are %s', (members, hits, trials, rate, people) => {
    const found = detectable(members, { hits, trials }, rate);
    expect(found).toEqual(people === null ? null : { people, of: members, probability: 0.95 });
  });

  it('does not fall when the matcher knows fewer', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(10), rate, rate, (members, hits, a, b) => {
        const people = (genuine: number) => detectable(members, { hits, trials: 60 }, genuine)?.people ?? members + 1;
        expect(people(Math.min(a, b))).toBeGreaterThanOrEqual(people(Math.max(a, b)));
      }),
    );
  });

  it('is what the audit would have found', () => {
    const random = new RandomState(1);
    const draw = (length: number) => Float32Array.from({ length }, () => random.gauss() / 8);
    const audits = 200;
    let leakage = 0;
    for (let audit = 0; audit < audits; audit++) {
      const controls = draw(200);
      const threshold = calibrate(controls.subarray(0, 100));
      const above = (scores: Float32Array) => ({
        hits: scores.filter((score) => score > threshold).length,
        trials: scores.length,
      });
      const compared = above(controls.subarray(100));
      const members = draw(200);
      members.fill(2, 0, detectable(200, compared)!.people);
      const delta = newcombe(above(members), compared);
      const { p } = permuteDelta(members, controls, delta.estimate, { seed: audit, draws: 999 });
      if (delta.low > 0 && p < 0.01) leakage++;
    }
    expect(leakage / audits).toBeGreaterThan(0.95);
  });

  it('refuses what is no rate', () => {
    expect(() => detectable(5, { hits: 0, trials: 10 }, 1.5)).toThrow(RangeError);
    expect(() => detectable(5, { hits: 0, trials: 0 })).toThrow(RangeError);
    expect(() => detectable(0, { hits: 0, trials: 5 })).toThrow(RangeError);
  });
});

describe('samplesNeeded', () => {
  it('is ln(1/beta)/p', () => {
    expect(samplesNeeded(1e-4)).toBe(29_958);
    expect(samplesNeeded(0.5, 0.9)).toBe(5);
    expect(() => samplesNeeded(0)).toThrow(RangeError);
  });
});

describe('zeroHitBound', () => {
  it('bounds p by the rule of three, and exactly', () => {
    const { exact, ruleOfThree } = zeroHitBound(10_000);
    expect(ruleOfThree).toBe(3e-4);
    expect((1 - exact) ** 10_000).toBeCloseTo(0.05, 10);
    expect(exact).toBeLessThan(ruleOfThree);
    expect(() => zeroHitBound(0)).toThrow(RangeError);
  });

  it('allows for a matcher that misses some', () => {
    const { exact, adjusted } = zeroHitBound(1_000, 0.5);
    expect(adjusted).toBe(2 * exact);
    expect(zeroHitBound(1_000).adjusted).toBe(exact);
    expect(zeroHitBound(1_000, 0.001).adjusted).toBe(1);
    expect(zeroHitBound(1_000, 0).adjusted).toBe(1);
    expect(() => zeroHitBound(1_000, Number.NaN)).toThrow(RangeError);
  });
});
