import { describe, expect, it } from 'vitest';
import { calibrate, splitControls } from '../../../shared/audit/evidence/threshold.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

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
