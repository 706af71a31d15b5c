import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditPrice, USUAL } from '../../../shared/service/billing/price.ts';
import {
  CREDIT_USD,
  charge,
  LEAST_CREDITS,
  quote,
  USUAL_MS,
  type Work,
} from '../../../shared/service/billing/tariff.ts';

const WORK: Work = { samples: 50_000, fresh: 10_000, photos: 2_000 };

const work: fc.Arbitrary<Work> = fc.record({
  samples: fc.integer({ min: 1, max: 10_000_000 }),
  fresh: fc.integer({ min: 0, max: 10_000 }),
  photos: fc.integer({ min: 0, max: 1_000_000 }),
  msPerSample: fc.double({ min: 0.1, max: 1000, noNaN: true }),
});

const sum = (items: readonly { readonly credits: number }[]) => items.reduce((total, item) => total + item.credits, 0);

test('a usual audit, item by item', () => {
  const { credits, items } = quote(WORK);
  expect(Object.fromEntries(items.map((item) => [item.what, item.credits]))).toEqual({
    planning: 1,
    photos: 2,
    samples: 89,
    'fresh samples': 18,
    'machines that start and wait': 115,
    'statistics, storage and messages': 3,
  });
  expect(credits).toBe(228);
});

test('is what the cloud takes and half as much again, in whole credits', () => {
  const shards = 25;
  const { total } = auditPrice({ ...USUAL, samples: 50_000, fresh: 10_000, photos: 2_000, sampleMs: USUAL_MS, shards });
  expect(quote(WORK).credits).toBe(Math.ceil((total * 1.5) / CREDIT_USD));
});

test('matches that are kept cost as many as there are', () => {
  const large = { ...WORK, samples: 50_000_000 };
  expect(quote({ ...large, k: 100 }).credits).toBeGreaterThan(quote(large).credits);
  expect(quote({ ...large, photos: 0, recognizers: 4 })).toEqual(quote({ ...large, photos: 0, k: 40 }));
});

test('a tiny audit costs the least price', () => {
  const tiny = quote({ samples: 1, fresh: 0, photos: 0 });
  expect(tiny.credits).toBe(LEAST_CREDITS);
  expect(tiny.items.at(-1)?.what).toBe('up to the least price');
});

describe('whatever the work', () => {
  test('a quote is a whole number, its items sum to it, and more work is never cheaper', () => {
    fc.assert(
      fc.property(work, (given) => {
        const { credits, items } = quote(given);
        expect(Number.isSafeInteger(credits)).toBe(true);
        expect(credits).toBeGreaterThanOrEqual(LEAST_CREDITS);
        expect(sum(items)).toBe(credits);
        for (const item of items) expect(item.credits).toBeGreaterThan(0);
        const more = [
          { ...given, samples: given.samples * 2, fresh: given.fresh * 2 },
          { ...given, photos: given.photos + 500 },
          { ...given, recognizers: 3 },
          { ...given, k: 100 },
          { ...given, msPerSample: given.msPerSample! * 2 },
        ];
        for (const one of more) expect(quote(one).credits).toBeGreaterThanOrEqual(credits);
      }),
    );
  });

  test('a charge is between nothing and the quote, sums up, and never falls as more is done', () => {
    const shares = fc.tuple(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(work, work, shares, (promised, given, [a, b, of]) => {
        const quoted = quote(promised).credits;
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((done) => charge(given, { done, of, quoted }));
        for (const one of [less!, more!]) {
          expect(sum(one.items)).toBe(one.credits);
          expect(one.credits).toBeGreaterThanOrEqual(0);
          expect(one.credits).toBeLessThanOrEqual(quoted);
        }
        expect(less!.credits).toBeLessThanOrEqual(more!.credits);
      }),
    );
  });

  test('all of it, as it was quoted, costs the quote', () => {
    fc.assert(
      fc.property(work, fc.integer({ min: 1, max: 1000 }), (given, of) => {
        const { credits, items } = quote(given);
        expect(charge(given, { done: of, of, quoted: credits })).toEqual({ credits, items });
      }),
    );
  });
});

test('faster than reckoned is cheaper, slower costs the quote', () => {
  const quoted = quote(WORK).credits;
  const at = (msPerSample: number) => charge({ ...WORK, msPerSample }, { done: 25, of: 25, quoted });
  expect(at(10).credits).toBeLessThan(quoted);
  expect(at(400).credits).toBe(quoted);
  expect(at(400).items.at(-1)).toEqual({
    what: 'above the quote',
    credits: quoted - quote({ ...WORK, msPerSample: 400 }).credits,
  });
});

test('a stopped audit pays for the share that was done, to the credit', () => {
  const tiny = { samples: 1, fresh: 0, photos: 0 };
  const at = (done: number, of: number) => charge(tiny, { done, of, quoted: LEAST_CREDITS });
  expect(at(3, 10)).toMatchObject({ credits: 30 });
  expect(at(3, 10).items.at(-1)).toEqual({ what: 'not done', credits: -70 });
  expect([at(1, 3), at(0, 3), at(0, 0), at(5, 3)].map(({ credits }) => credits)).toEqual([34, 0, 0, 100]);
});
