import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusteredRate } from '../../../shared/audit/numbers/clustered.ts';
import { clopperPearson } from '../../../shared/audit/numbers/intervals.ts';
import { genuineRate, matcherGate, placeboGate } from '../../../shared/audit/verdict/gates.ts';

describe('a rate over people', () => {
  // scipy 1.17: beta and t quantiles in the formula of Korn and Graubard.
  it.each([
    [[10, 9, 10, 2, 0, 7, 10, 10], new Array(8).fill(10), 0.725, 0.29841059975481604, 0.9671574240668978],
    [[3, 1, 0, 1], [3, 1, 1, 3], 0.625, 0.05062875308038295, 0.993246355277797],
  ])('has the interval of scipy', (hits, trials, estimate, low, high) => {
    const rate = clusteredRate(hits.map((h, i) => ({ hits: h, trials: trials[i]! })));
    expect(rate.estimate).toBeCloseTo(estimate, 12);
    expect(rate.low).toBeCloseTo(low, 9);
    expect(rate.high).toBeCloseTo(high, 9);
  });

  it('counts people where all trials are alike, and never more than the trials', () => {
    const four = (hits: number) => Object.values(clusteredRate(new Array(4).fill({ hits, trials: 10 })));
    const close = (hits: number, trials: number) =>
      Object.values(clopperPearson(hits, trials)).map((value) => expect.closeTo(value, 12));
    expect(four(10)).toEqual(close(4, 4));
    expect(four(0)).toEqual(close(0, 4));
    expect(four(5)).toEqual(close(20, 40));
    expect(() => clusteredRate([])).toThrow(RangeError);
  });

  it('lies in its interval, which lies in 0 to 1', () => {
    const cluster = fc
      .record({ trials: fc.integer({ min: 1, max: 12 }), share: fc.nat(100) })
      .map(({ trials, share }) => ({ trials, hits: Math.round((share * trials) / 100) }));
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 1, maxLength: 30 }), (clusters) => {
        const { estimate, low, high } = clusteredRate(clusters);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the matcher gate', () => {
  const photosOf = (...similarity: number[]) => ({
    identity: Uint32Array.from(similarity, (_, i) => i >> 1),
    similarity: Float32Array.from(similarity),
  });

  it('asks for half of the photos above the threshold', () => {
    expect(matcherGate(photosOf(0.9, 0.8, 0.2, 0.1), 0.5)).toMatchObject({ name: 'matcher', passed: true });
    const failed = matcherGate(photosOf(0.9, 0.5, 0.2, 0.1), 0.5);
    expect(failed).toMatchObject({ passed: false, value: { estimate: 0.25 } });
    expect(failed.reason).toContain(
      'Of 4 photos of 2 people, 25.0% are more similar than the threshold to another photo',
    );
    expect(failed.reason).toContain('would go unnoticed');
  });

  it('cannot be judged where nobody has two photos', () => {
    expect(genuineRate(photosOf(), 0.5)).toBeNull();
    expect(matcherGate(photosOf(), 0.5)).toMatchObject({ passed: null, value: null });
  });
});

describe('the placebo gate', () => {
  it.each([
    [{ estimate: 0.01, low: -0.02, high: 0.04 }, true],
    [{ estimate: 0.1, low: 0.02, high: 0.2 }, false],
    [{ estimate: -0.1, low: -0.2, high: -0.01 }, false],
    [null, null],
  ])('of %j is %s', (delta, passed) => {
    expect(placeboGate(delta, 300)).toMatchObject({ name: 'placebo', passed, value: delta });
  });

  it('says in which direction the placebo finds people', () => {
    expect(placeboGate({ estimate: -0.1, low: -0.2, high: -0.01 }, 300).reason).toMatch(
      /members are revealed 10\.0 percentage points less often than controls \(95% interval -20\.0 to -1\.0\)/,
    );
  });
});
