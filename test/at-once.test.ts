import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachAtOnce } from '../shared/at-once.ts';
import { backoffMs } from '../shared/backoff.ts';

test('every item is worked on once, and never more than so many at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer(), { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (items, atOnce) => {
        const done: number[] = [];
        let [now, most] = [0, 0];
        await forEachAtOnce(items, atOnce, async (item) => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setImmediate(resolve));
          now -= 1;
          done.push(item);
        });
        expect(done.sort()).toEqual([...items].sort());
        expect(most).toBe(Math.min(atOnce, items.length));
      },
    ),
  );
});

test('after a failure no further item is begun', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('no');
  };
  await expect(forEachAtOnce([0, 1, 2, 3, 4, 5], 2, work)).rejects.toThrow('no');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun.length).toBeLessThan(5);
});

test('a pause doubles with each failure up to the longest, and chance takes a share of it', () => {
  const backoff = { firstMs: 10, mostMs: 640 };
  expect([1, 2, 3, 7, 8, 50].map((failures) => backoffMs(failures, backoff, 1))).toEqual([10, 20, 40, 640, 640, 640]);
  expect(backoffMs(3, backoff, 0)).toBe(20);
  expect(backoffMs(3, { ...backoff, spread: 1 }, 0)).toBe(0);
  expect(backoffMs(3, { ...backoff, spread: 0 }, 0)).toBe(40);
});
