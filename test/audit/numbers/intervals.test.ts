import { describe, expect, it } from 'vitest';
import { clopperPearson, newcombe } from '../../../shared/audit/numbers/intervals.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

describe('clopperPearson', () => {
  it.each([
    // scipy.stats.beta.ppf
    [0, 1, 0, 0.975],
    [1, 1, 0.025, 1],
    [0, 50, 0, 0.07112173646419764],
    [1, 50, 0.000506227983040829, 0.1064695457114999],
    [3, 250, 0.00248155825470304, 0.034666614574743924],
    [25, 100, 0.16877973809934185, 0.3465524957588082],
    [250, 250, 0.9853528113643196, 1],
    [499, 500, 0.9889075231010312, 0.9999493656659926],
    [7, 20000, 0.0001407293611113778, 0.0007209999554352942],
  ])('of %i in %i is %s to %s', (hits, trials, low, high) => {
    const interval = clopperPearson(hits, trials);
    expect(interval.estimate).toBe(hits / trials);
    expect(interval.low).toBeCloseTo(low, 11);
    expect(interval.high).toBeCloseTo(high, 11);
  });

  it('takes another confidence', () => {
    const { low, high } = clopperPearson(3, 50, 0.9);
    expect(low).toBeCloseTo(0.01655185918923134, 11);
    expect(high).toBeCloseTo(0.14783717636418123, 11);
  });

  it.each([
    [1, 0],
    [-1, 5],
    [6, 5],
    [0.5, 5],
  ])('refuses %s in %s', (hits, trials) => {
    expect(() => clopperPearson(hits, trials)).toThrow(RangeError);
  });
});

describe('newcombe', () => {
  it.each([
    // Newcombe 1998, Table II, method 10.
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])('of %i/%i - %i/%i is %s to %s', (a, m, b, n, low, high) => {
    const interval = newcombe({ hits: a, trials: m }, { hits: b, trials: n });
    expect(interval.estimate).toBeCloseTo(a / m - b / n, 15);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe('the interval of a difference', () => {
  it('holds 0 in about 95 of 100 comparisons of people who do not differ', () => {
    const random = new RandomState(11);
    const hits = (trials: number) => {
      let count = 0;
      for (let i = 0; i < trials; i++) if (random.double() < 0.2) count++;
      return { hits: count, trials };
    };
    let covered = 0;
    for (let test = 0; test < 1_000; test++) {
      const { low, high } = newcombe(hits(60), hits(40));
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered).toBeGreaterThan(930);
  });
});
