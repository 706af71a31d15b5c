import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auc, aucInterval, rocCurve } from '../../shared/audit/auc.ts';
import { equalise } from '../../shared/audit/equalise.ts';
import { clopperPearson, newcombe } from '../../shared/audit/intervals.ts';
import { permuteAuc, permuteDelta } from '../../shared/audit/permutation.ts';
import { samplesNeeded, zeroHitBound } from '../../shared/audit/power.ts';
import { RandomState } from '../../shared/audit/random.ts';
import { calibrate, splitControls } from '../../shared/audit/threshold.ts';

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

describe('the permutation test on delta', () => {
  it.each([
    // The exact tail, scipy.stats.hypergeom.sf(members' hits - 1, all, hits, members).
    [9, 100, 3, 50, 0.3863851652530057],
    [20, 100, 1, 50, 0.0012829530649726925],
  ])('of %i/%i against %i/%i is near the exact %s', (a, m, b, c, exact) => {
    const { p, draws } = permuteDelta({ hits: a, trials: m }, { hits: b, trials: c }, { seed: 3, draws: 9_999 });
    expect(draws).toBe(9_999);
    expect(Math.abs(p - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 9_999) + 1e-4);
  });

  it('is the test that shuffles labels', () => {
    const people = [...new Array<number>(7).fill(1), ...new Array<number>(23).fill(0)];
    const random = new RandomState(4);
    let exceedances = 0;
    for (let draw = 0; draw < 20_000; draw++) {
      random.shuffle(people);
      if (people.slice(0, 20).reduce((a, b) => a + b) >= 6) exceedances++;
    }
    const { p } = permuteDelta({ hits: 6, trials: 20 }, { hits: 1, trials: 10 }, { seed: 5, draws: 20_000 });
    expect(Math.abs(p - exceedances / 20_000)).toBeLessThan(0.02);
  });

  it('claims nothing where nothing, or everybody, is hit', () => {
    const none = permuteDelta({ hits: 0, trials: 20 }, { hits: 0, trials: 10 }, { seed: 1, draws: 99 });
    const all = permuteDelta({ hits: 20, trials: 20 }, { hits: 10, trials: 10 }, { seed: 1, draws: 99 });
    expect([none.p, all.p]).toEqual([1, 1]);
  });
});

describe('the permutation test on the AUC', () => {
  it('finds what is there, in groups of any size, and nothing that is not', () => {
    const random = new RandomState(6);
    const draw = (count: number, shift: number) => Float64Array.from({ length: count }, () => random.gauss() + shift);
    const draws = { seed: 7, draws: 999 };
    expect(permuteAuc(draw(60, 1.5), draw(30, 0), draws).p).toBe(0.001);
    expect(permuteAuc(draw(30, 1.5), draw(60, 0), draws).p).toBe(0.001);
    expect(permuteAuc(draw(30, -1.5), draw(60, 0), draws).p).toBeGreaterThan(0.9);
    expect(permuteAuc([1, 1, 1], [1, 1], draws).p).toBe(1);
  });
});

describe('under no effect', () => {
  it('p is below 0.05 in about 5 of 100 tests, and the interval of delta holds 0 in about 95', () => {
    const random = new RandomState(11);
    const tests = 1_000;
    let rejected = 0;
    let aucRejected = 0;
    let covered = 0;
    for (let test = 0; test < tests; test++) {
      const members = Float64Array.from({ length: 60 }, () => random.gauss());
      const controls = Float64Array.from({ length: 40 }, () => random.gauss());
      const above = (scores: Float64Array) => ({ hits: scores.filter((s) => s > 0.8).length, trials: scores.length });
      const [m, c] = [above(members), above(controls)];
      if (permuteDelta(m, c, { seed: test, draws: 199 }).p <= 0.05) rejected++;
      if (permuteAuc(members, controls, { seed: test, draws: 199 }).p <= 0.05) aucRejected++;
      const { low, high } = newcombe(m, c);
      if (low <= 0 && high >= 0) covered++;
    }
    // The counts are discrete, so the test on delta is conservative; 70 is 50 plus three standard deviations.
    expect(rejected).toBeLessThanOrEqual(70);
    expect(rejected).toBeGreaterThan(10);
    expect(aucRejected).toBeLessThanOrEqual(70);
    expect(aucRejected).toBeGreaterThan(30);
    expect(covered / tests).toBeGreaterThan(0.93);
  });
});

describe('the threshold', () => {
  it.each([
    [1, 0],
    [10, 9],
    [50, 49],
    [101, 99],
    [102, 100],
    [1001, 990],
  ])('of %i scores is the one of rank %i, counted from 0', (count, rank) => {
    // Multiples of 1/1024 stay where they are.
    const scores = Array.from({ length: count }, (_, i) => (i - 500) / 1024);
    const shuffled = [...scores];
    new RandomState(1).shuffle(shuffled);
    expect(calibrate(shuffled)).toBe(scores[rank]);
  });

  it('is moved up to the grid', () => {
    expect(calibrate([0.5001])).toBe(513 / 1024);
    expect(() => calibrate([])).toThrow(RangeError);
  });

  it('splits the controls by who they are, not by their order', () => {
    const keys = Array.from({ length: 41 }, (_, i) => `person ${i}`);
    const named = (list: readonly string[], seed: number) => {
      const { a, b } = splitControls(list, seed);
      expect([...a, ...b].sort((x, y) => x - y)).toEqual([...list.keys()]);
      return a.map((i) => list[i]!).sort();
    };
    expect(named(keys, 1)).toHaveLength(20);
    expect(named(keys.toReversed(), 1)).toEqual(named(keys, 1));
    expect(named(keys, 2)).not.toEqual(named(keys, 1));
  });
});

describe('equalise', () => {
  const people = [
    { key: 'ada', photos: ['1', '2', '3', '4', '5', '6', '7', '8'] },
    { key: 'ben', photos: ['1', '2', '3'] },
    { key: 'cho', photos: ['a', 'b', 'c', 'd'] },
  ];
  const names = (list: typeof people, seed: number) => {
    const { photosPerIdentity, chosen } = equalise(list, seed);
    const picked = list.map(({ key, photos }, i) => [key, chosen[i]!.map((place) => photos[place]!).sort()] as const);
    for (const [, photos] of picked) expect(new Set(photos).size).toBe(photosPerIdentity);
    return new Map(picked);
  };

  it('gives everybody as many photos as the one with the fewest has', () => {
    expect(equalise(people, 1).photosPerIdentity).toBe(3);
    expect(equalise(people.slice(0, 1), 1).photosPerIdentity).toBe(5);
  });

  it('chooses the same photos in any order of people and photos', () => {
    const turned = people.map(({ key, photos }) => ({ key, photos: photos.toReversed() })).reverse();
    expect(names(turned, 1)).toEqual(names(people, 1));
    expect(names(people, 2)).not.toEqual(names(people, 1));
  });

  it('refuses people without photos', () => {
    const empty = expect.objectContaining({ code: 'GALLERY_EMPTY' });
    expect(() => equalise([], 1)).toThrow(empty);
    expect(() => equalise([...people, { key: 'dee', photos: [] }], 1)).toThrow(empty);
  });
});

describe('power', () => {
  it('asks for ln(1/beta)/p samples', () => {
    expect(samplesNeeded(1e-4)).toBe(29_958);
    expect(samplesNeeded(0.5, 0.9)).toBe(5);
    expect(() => samplesNeeded(0)).toThrow(RangeError);
  });

  it('bounds p by the rule of three, and exactly', () => {
    const { exact, ruleOfThree } = zeroHitBound(10_000);
    expect(ruleOfThree).toBe(3e-4);
    expect((1 - exact) ** 10_000).toBeCloseTo(0.05, 10);
    expect(exact).toBeLessThan(ruleOfThree);
    expect(() => zeroHitBound(0)).toThrow(RangeError);
  });
});
