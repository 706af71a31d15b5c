import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FmrThreshold, fmrThresholds } from '../../../shared/audit/gallery/fmr.ts';
import type { ImpostorTail } from '../../../shared/audit/gallery/profile.ts';
import { ParetoFit, paretoQuantile } from '../../../shared/audit/numbers/pareto.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const DRAWS = { seed: 1, draws: 50 };

function fitted(excesses: readonly number[]) {
  const fit = new ParetoFit();
  for (const excess of excesses.toSorted((a, b) => b - a)) fit.add(excess);
  return fit.solve();
}

/** The top of `pairs` similarities that fall off exponentially above 0.2: 0.05 for every power of e. */
function simulated(pairs: number, identities: number, kept: number, seed = 1): ImpostorTail {
  const random = new RandomState(seed);
  const similarity = Float32Array.from(
    { length: kept },
    (_, i) => 0.2 - 0.05 * Math.log((i + random.double()) / pairs),
  );
  const a = Uint32Array.from({ length: kept }, () => random.below(identities - 1));
  const b = a.map((identity) => identity + 1 + random.below(identities - 1 - identity));
  // Identity numbers with gaps, as members and controls in a roster may have.
  const named = (places: Uint32Array) => places.map((place) => 3 * place + 2);
  return { pairs, identities, similarity: similarity.sort().reverse(), a: named(a), b: named(b) };
}

describe('the generalised Pareto distribution', () => {
  it('is fitted by Hosking and Wallis', () => {
    const excesses = [0.11, 0.002, 0.05, 0.013, 0.07, 0.021, 0.034, 0.009, 0.001, 0.16, 0.028, 0.044];
    // Their formulas in numpy, p_j = (j - 0.35) / n.
    const { shape, scale } = fitted(excesses);
    expect(shape).toBeCloseTo(-0.1784574021172911, 12);
    expect(scale).toBeCloseTo(0.03710634067103569, 14);
  });

  it.each([
    // scipy.stats.genpareto.isf(tail, -shape, scale=scale)
    [0.2, 0.05, 1e-3, 0.1872028392122605],
    [-0.3, 2, 0.01, 19.873811370233145],
    [0, 1, 1e-5, 11.512925464970229],
    [1e-15, 1, 1e-5, 11.512925464970229],
    [0.5, 1, 0.3, 0.9045548849896679],
    [0.5, 1, 1, 0],
  ])('of shape %s and scale %s has %s above %s', (shape, scale, tail, quantile) => {
    expect(paretoQuantile({ shape, scale }, tail)).toBeCloseTo(quantile, 12);
  });

  it.each([-0.2, 0, 0.3])('of shape %s is found again', (shape) => {
    const random = new RandomState(7);
    const sample = Array.from({ length: 20_000 }, () => paretoQuantile({ shape, scale: 0.05 }, 1 - random.double()));
    const fit = fitted(sample);
    expect(Math.abs(fit.shape - shape)).toBeLessThan(0.05);
    expect(Math.abs(fit.scale / 0.05 - 1)).toBeLessThan(0.05);
  });

  it('takes copies as it takes repetitions, and does not mind equal or absent excesses', () => {
    const rows = fc.array(fc.record({ excess: fc.nat(1_000).map((x) => x / 1_000), times: fc.nat(4) }));
    fc.assert(
      fc.property(rows, (unsorted) => {
        const sorted = unsorted.toSorted((a, b) => b.excess - a.excess);
        const copies = new ParetoFit();
        for (const { excess, times } of sorted) copies.add(excess, times);
        const single = fitted(sorted.flatMap(({ excess, times }) => new Array<number>(times).fill(excess)));
        const { shape, scale } = copies.solve();
        expect(Number.isFinite(shape) && scale >= 0).toBe(true);
        expect(Math.abs(shape - single.shape)).toBeLessThan(1e-8 * (1 + Math.abs(shape)));
        expect(Math.abs(scale - single.scale)).toBeLessThan(1e-8 * (1 + scale));
      }),
    );
  });
});

describe('fmrThresholds', () => {
  it('reads off what 30 false matches stand behind, and follows the tail from there', () => {
    const tail = simulated(400_000, 300, 5_000);
    const rows = fmrThresholds(tail, DRAWS);
    expect(rows.map(({ fmr, extrapolated }) => [fmr, extrapolated])).toEqual([
      [1e-3, false],
      [1e-4, false],
      [1e-5, true],
      [1e-6, true],
    ]);
    expect(rows[0]!.value).toBe(tail.similarity[400]);
    expect(rows[1]!.value).toBe(tail.similarity[40]);
    expect(rows.slice(0, 2).map(({ falseMatches }) => falseMatches)).toEqual([400, 40]);
    for (const row of rows) {
      // The exponential tail itself.
      expect(Math.abs(row.value - (0.2 - 0.05 * Math.log(row.fmr)))).toBeLessThan(0.05);
      expect(row.falseMatches).toBe(tail.similarity.filter((similarity) => similarity > row.value).length);
      expect(row).toMatchObject({ pairs: 400_000, identities: 300 });
      expect(row.low).toBeLessThan(row.value);
      expect(row.high).toBeGreaterThan(row.value);
    }
  });

  it('follows the tail of the 1,000 most similar, whatever the body below it does', () => {
    const tail = simulated(400_000, 300, 5_000);
    const bent = tail.similarity.map((similarity, pair) => (pair > 1_000 ? tail.similarity[1_000]! : similarity));
    const far = (rows: readonly FmrThreshold[]) => rows.filter(({ extrapolated }) => extrapolated);
    const rows = far(fmrThresholds({ ...tail, similarity: bent }, DRAWS));
    expect(rows.map(({ value }) => value)).toEqual(far(fmrThresholds(tail, DRAWS)).map(({ value }) => value));
    expect(rows).toHaveLength(2);
  });

  it('needs exactly 30', () => {
    const extrapolated = (pairs: number) =>
      fmrThresholds(simulated(pairs, 100, 1_000), DRAWS).map((row) => row.extrapolated);
    expect(extrapolated(30_000)[0]).toBe(false);
    expect(extrapolated(29_999)[0]).toBe(true);
  });

  it.each([
    ['few people', simulated(40_000, 19, 500), []],
    ['few pairs', simulated(4_999, 100, 49), []],
    ['pairs for a hundredfold of what was seen', simulated(5_000, 101, 51), [1e-3, 1e-4, 1e-5]],
    ['just enough for all', simulated(10_000, 142, 101), [1e-3, 1e-4, 1e-5, 1e-6]],
    ['a tail cut short', simulated(40_000_000, 300, 5_100), [1e-4, 1e-5, 1e-6]],
  ])('says no more than can be said: %s', (_, tail, rates) => {
    expect(fmrThresholds(tail, DRAWS).map(({ fmr }) => fmr)).toEqual(rates);
  });

  it('draws identities, and counts a pair for both', () => {
    // A naive bootstrap draw: every pair w_a w_b times in a list, everything computed anew from the list.
    fc.assert(
      fc.property(fc.nat(1_000), (seed) => {
        const identities = 25;
        const all = simulated(20_000, identities, 20_000, seed);
        const tail = { ...all, ...cut(all, 400) };
        const random = new RandomState(seed);
        const weights = new Array<number>(identities).fill(0);
        for (let i = 0; i < identities; i++) weights[random.below(identities)]! += 1;
        const people = [...new Set([...tail.a, ...tail.b])].sort((a, b) => a - b);
        expect(people).toHaveLength(identities);
        const times = (pair: number) =>
          weights[people.indexOf(tail.a[pair]!)]! * weights[people.indexOf(tail.b[pair]!)]!;
        let strangers = 0;
        for (let a = 0; a < identities; a++) for (let b = 0; b < a; b++) strangers += weights[a]! * weights[b]!;
        const total = (20_000 * strangers) / ((identities * (identities - 1)) / 2);

        const base = tail.similarity[200]!;
        const top = [...tail.similarity.subarray(0, 200)].flatMap((similarity, pair) =>
          new Array<number>(times(pair)).fill(similarity - base),
        );
        const fit = fitted(top);
        for (const row of fmrThresholds(tail, { seed, draws: 1 })) {
          const drawn = Math.min(1, base + paretoQuantile(fit, (row.fmr * total) / top.length));
          expect(row.extrapolated).toBe(true);
          expect(row.low).toBeCloseTo(Math.min(drawn, row.value), 9);
          expect(row.high).toBeCloseTo(Math.max(drawn, row.value), 9);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is never above 1, and of equal similarities is theirs', () => {
    const high = simulated(20_000, 100, 300);
    for (const row of fmrThresholds({ ...high, similarity: high.similarity.map((s) => s + 0.15) }, DRAWS)) {
      expect(row.value).toBeLessThanOrEqual(1);
      expect(row.high).toBeLessThanOrEqual(1);
    }
    for (const row of fmrThresholds({ ...high, similarity: high.similarity.map(() => 0.5) }, DRAWS)) {
      expect(row).toMatchObject({ value: 0.5, low: 0.5, high: 0.5, falseMatches: 0 });
    }
  });

  it('rises as the rate falls, and repeats with its seed', () => {
    const tail = simulated(150_000, 60, 2_000, 5);
    const rows = fmrThresholds(tail, DRAWS);
    for (const [i, row] of rows.slice(1).entries()) expect(row.value).toBeGreaterThan(rows[i]!.value);
    expect(fmrThresholds(tail, DRAWS)).toEqual(rows);
  });

  it('refuses pairs of more people than there are', () => {
    expect(() => fmrThresholds({ ...simulated(20_000, 100, 300), identities: 90 }, DRAWS)).toThrow(RangeError);
  });

  it('covers the true threshold of people in space', () => {
    // Uniform directions in 16 dimensions: (1 + cosine) / 2 has the beta distribution with both shapes 15/2; the
    // thresholds are scipy.stats.beta.isf.
    const truth = new Map<number, number>(TRUTH);
    const random = new RandomState(9);
    const covered = new Map<number, number>();
    const galleries = 60;
    for (let gallery = 0; gallery < galleries; gallery++) {
      for (const { fmr, low, high } of fmrThresholds(sphere(random, 150, 16), { seed: gallery, draws: 100 })) {
        if (low <= truth.get(fmr)! && truth.get(fmr)! <= high) covered.set(fmr, (covered.get(fmr) ?? 0) + 1);
      }
    }
    for (const fmr of truth.keys()) expect(covered.get(fmr)! / galleries).toBeGreaterThan(0.9);
  });
});

const TRUTH = [
  [1e-3, 0.6939594457459441],
  [1e-4, 0.7832913391259353],
  [1e-5, 0.8445669040728969],
  [1e-6, 0.8876300226848595],
] as const;

/** The most similar 300 pairs of people without any likeness but chance. */
function sphere(random: RandomState, identities: number, dimensions: number): ImpostorTail {
  const people = Array.from({ length: identities }, () => {
    const direction = Array.from({ length: dimensions }, () => random.gauss());
    const length = Math.hypot(...direction);
    return direction.map((x) => x / length);
  });
  const pairs = people.flatMap((one, a) =>
    people.slice(0, a).map((other, b) => ({ a: b, b: a, s: one.reduce((sum, x, i) => sum + x * other[i]!, 0) })),
  );
  const top = pairs.sort((x, y) => y.s - x.s).slice(0, 300);
  return {
    pairs: pairs.length,
    identities,
    similarity: Float32Array.from(top, ({ s }) => s),
    a: Uint32Array.from(top, ({ a }) => a),
    b: Uint32Array.from(top, ({ b }) => b),
  };
}

function cut({ similarity, a, b }: ImpostorTail, kept: number) {
  return { similarity: similarity.subarray(0, kept), a: a.subarray(0, kept), b: b.subarray(0, kept) };
}
