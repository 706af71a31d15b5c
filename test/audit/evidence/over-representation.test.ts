import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overRepresentation } from '../../../shared/audit/evidence/over-representation.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

type Row = readonly [photos: number, people: number, hits: number];

const people = (rows: readonly Row[]) =>
  rows.flatMap(([photos, count, hits]) => Array.from({ length: count }, (_, i) => ({ photos, hit: i < hits })));

describe('overRepresentation', () => {
  it.each<readonly [readonly Row[], number, number, number, number]>([
    // Likelihood and profile likelihood maximised by scipy.optimize, the limits by brentq, p by chi2.sf.
    [
      [
        [1, 40, 2],
        [2, 30, 3],
        [3, 20, 1],
        [5, 25, 6],
        [8, 10, 4],
        [20, 5, 4],
      ],
      2.668713123198256,
      1.6948543427209226,
      4.560589974399048,
      8.093274949697404e-6,
    ],
    [
      [
        [1, 3, 1],
        [4, 3, 2],
      ],
      2,
      0.39041148828042066,
      14.422566931768781,
      0.4097258240633155,
    ],
    [
      [
        [2, 5000, 60],
        [3, 4000, 55],
        [17, 900, 4],
        [400, 100, 0],
      ],
      0.7610614155494194,
      0.5710116520054095,
      0.9545281986577134,
      0.014995044754245184,
    ],
  ])('agrees with scipy', (rows, estimate, low, high, p) => {
    const found = overRepresentation(people(rows))!;
    expect(found.oddsRatio.estimate / estimate).toBeCloseTo(1, 7);
    expect(found.oddsRatio.low / low).toBeCloseTo(1, 6);
    expect(found.oddsRatio.high / high).toBeCloseTo(1, 6);
    expect(found.p / p).toBeCloseTo(1, 6);
    expect(found.people).toBe(people(rows).length);
  });

  it.each<readonly [string, readonly Row[]]>([
    ['nobody', []],
    ['equal numbers of photos', [[3, 10, 4]]],
    [
      'nobody hit',
      [
        [1, 5, 0],
        [2, 5, 0],
      ],
    ],
    [
      'everybody hit',
      [
        [1, 5, 5],
        [2, 5, 5],
      ],
    ],
    [
      'separation by more photos',
      [
        [1, 5, 0],
        [9, 5, 5],
      ],
    ],
    [
      'separation by fewer photos',
      [
        [1, 5, 5],
        [9, 5, 0],
      ],
    ],
    [
      'separation but for those at the border',
      [
        [1, 5, 0],
        [4, 5, 2],
        [9, 5, 5],
      ],
    ],
  ])('has no estimate with %s', (_, rows) => {
    expect(overRepresentation(people(rows))).toBeNull();
  });

  it('refuses a member without a photo', () => {
    expect(() => overRepresentation([{ photos: 0, hit: true }])).toThrow(RangeError);
  });

  const row = fc
    .record({ photos: fc.integer({ min: 1, max: 300 }), missed: fc.nat(30), hits: fc.nat(30) })
    .map(({ photos, missed, hits }): Row => [photos, missed + hits, hits]);

  it('turns over when hit and missed are exchanged, and does not mind more photos of everybody', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 6 }), (rows) => {
        const found = overRepresentation(people(rows));
        const turned = overRepresentation(people(rows).map(({ photos, hit }) => ({ photos, hit: !hit })));
        const doubled = overRepresentation(people(rows.map(([photos, count, hits]) => [2 * photos, count, hits])));
        if (!(found && turned && doubled)) {
          expect([found, turned, doubled]).toEqual([null, null, null]);
          return;
        }
        const log = ({ oddsRatio: { low, estimate, high } }: typeof found) => [low, estimate, high].map(Math.log);
        const [a, b, c] = [log(found), log(turned).reverse(), log(doubled)];
        for (const [i, value] of a.entries()) {
          expect(Math.abs(value + b[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
          expect(Math.abs(value - c[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
        }
        expect(a[0]).toBeLessThan(a[1]!);
        expect(a[1]).toBeLessThan(a[2]!);
        // The interval and the test are one: it excludes 1 where p is below 0.05.
        if (Math.abs(found.p - 0.05) > 1e-6) expect(found.p < 0.05).toBe(a[0]! > 0 || a[2]! < 0);
      }),
    );
  });

  it('covers the truth in about 95 of 100 audits, with few people hit', () => {
    const random = new RandomState(1);
    const audits = 1_000;
    let covered = 0;
    let judged = 0;
    for (let audit = 0; audit < audits; audit++) {
      const members = Array.from({ length: 300 }, () => {
        const photos = 1 + random.below(32);
        return { photos, hit: random.double() < 1 / (1 + Math.exp(5.5 - Math.log(2) * Math.log2(photos))) };
      });
      const found = overRepresentation(members);
      if (!found) continue;
      judged++;
      if (found.oddsRatio.low <= 2 && found.oddsRatio.high >= 2) covered++;
    }
    expect(judged).toBeGreaterThan(950);
    expect(covered / judged).toBeGreaterThan(0.93);
    expect(covered / judged).toBeLessThan(0.97);
  });

  it('survives numbers of photos that hardly differ', () => {
    const found = overRepresentation(
      people([
        [100_000, 20, 3],
        [100_001, 20, 17],
      ]),
    )!;
    expect(Object.values(found.oddsRatio).every(Number.isFinite)).toBe(true);
    expect(found.p).toBeLessThan(1e-4);
  });
});
