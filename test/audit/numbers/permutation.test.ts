import { describe, expect, it } from 'vitest';
import { permuteAuc } from '../../../shared/audit/numbers/permutation.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

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

  it('has a p below 0.05 in about 5 of 100 tests where nothing is to be found', () => {
    const random = new RandomState(11);
    const tests = 1_000;
    let rejected = 0;
    for (let test = 0; test < tests; test++) {
      const members = Float64Array.from({ length: 60 }, () => random.gauss());
      const controls = Float64Array.from({ length: 40 }, () => random.gauss());
      if (permuteAuc(members, controls, { seed: test, draws: 199 }).p <= 0.05) rejected++;
    }
    // 50, and three standard deviations on either side.
    expect(rejected).toBeLessThanOrEqual(71);
    expect(rejected).toBeGreaterThanOrEqual(29);
  });
});
