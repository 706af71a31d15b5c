import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permuteDelta } from '../../../shared/audit/evidence/permute-delta.ts';
import { calibrate, settersAmong } from '../../../shared/audit/evidence/threshold.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

/** The audit's own procedure: the first half of the controls sets the threshold. Delta times members times compared. */
function wholeDelta(members: readonly number[], controls: readonly number[]): number {
  const setters = settersAmong(controls.length);
  const threshold = calibrate(controls.slice(0, setters));
  const above = (scores: readonly number[]) => scores.filter((score) => score > threshold).length;
  const compared = controls.slice(setters);
  return above(members) * compared.length - above(compared) * members.length;
}

function delta(members: readonly number[], controls: readonly number[]): number {
  return wholeDelta(members, controls) / (members.length * (controls.length - settersAmong(controls.length)));
}

/** The share of all orders of the people in which the difference is at least the observed one: the exact p. */
function exactP(members: readonly number[], controls: readonly number[]): number {
  const observed = wholeDelta(members, controls);
  let orders = 0;
  let exceedances = 0;
  const visit = (chosen: readonly number[], left: readonly number[]): void => {
    if (left.length > 0) {
      for (const [i, score] of left.entries()) visit([...chosen, score], left.toSpliced(i, 1));
      return;
    }
    orders++;
    if (wholeDelta(chosen.slice(0, members.length), chosen.slice(members.length)) >= observed) exceedances++;
  };
  visit([], [...members, ...controls]);
  return exceedances / orders;
}

const within = (p: number, exact: number, draws: number) =>
  Math.abs(p - exact) <= 5 * Math.sqrt((exact * (1 - exact)) / draws) + 1 / draws;

describe('the permutation test on delta', () => {
  it('is the share among all orders of a few people, ties and the rounding of the threshold included', () => {
    // Steps of a third of the grid: several scores share a threshold.
    const score = fc.integer({ min: 0, max: 8 }).map((step) => step / 3072);
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 1, maxLength: 3 }),
        fc.array(score, { minLength: 2, maxLength: 4 }),
        (members, controls) => {
          const draws = 4_000;
          const { p } = permuteDelta(members, controls, delta(members, controls), { seed: 3, draws });
          expect(within(p, exactP(members, controls), draws)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is the test that shuffles everybody and begins again', () => {
    const random = new RandomState(4);
    // 230 setters: two of them are above the one that is the threshold.
    const members = Array.from({ length: 60 }, (_, i) => random.gauss() / 8 + (i < 4 ? 0.3 : 0));
    const controls = Array.from({ length: 461 }, () => random.gauss() / 8);
    const observed = wholeDelta(members, controls);
    const people = [...members, ...controls];
    const draws = 10_000;
    let exceedances = 0;
    for (let draw = 0; draw < draws; draw++) {
      random.shuffle(people);
      if (wholeDelta(people.slice(0, 60), people.slice(60)) >= observed) exceedances++;
    }
    const { p } = permuteDelta(members, controls, delta(members, controls), { seed: 5, draws });
    expect(exceedances).toBeGreaterThan(10);
    expect(within(p, exceedances / draws, draws / 2)).toBe(true);
  });

  it('finds what is there, and repeats with its seed', () => {
    const random = new RandomState(6);
    const members = Array.from({ length: 50 }, () => random.gauss() / 8 + 0.6);
    const controls = Array.from({ length: 50 }, () => random.gauss() / 8);
    const test = permuteDelta(members, controls, delta(members, controls), { seed: 7, draws: 999 });
    expect(test).toEqual({ p: 0.001, draws: 999 });
    expect(permuteDelta(members, controls, 0.02, { seed: 8, draws: 999 })).toEqual(
      permuteDelta(members, controls, 0.02, { seed: 8, draws: 999 }),
    );
  });

  it('judges the smallest gallery there can be', () => {
    const controls = Array.from({ length: 20 }, (_, i) => i / 100);
    const { p } = permuteDelta([0.9, 0.8], controls, 1, { seed: 1, draws: 50_000 });
    // Delta is 1 if the two lead and a setter, here the threshold, comes third: 2/22 1/21 10/20.
    expect(within(p, 1 / 462, 50_000)).toBe(true);
  });

  it('claims nothing where all scores are equal', () => {
    expect(permuteDelta([0.5, 0.5, 0.5], new Array(20).fill(0.5), 0, { seed: 1, draws: 99 }).p).toBe(1);
    expect(permuteDelta([-1, -1], new Array(20).fill(-1), 0, { seed: 1, draws: 99 }).p).toBe(1);
  });

  it('is smaller for a greater difference', () => {
    const random = new RandomState(9);
    const members = Array.from({ length: 30 }, () => random.gauss() / 8);
    const controls = Array.from({ length: 31 }, () => random.gauss() / 8);
    const p = (observed: number) => permuteDelta(members, controls, observed, { seed: 2, draws: 999 }).p;
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (d, more) => {
          expect(p(d + more)).toBeLessThanOrEqual(p(d));
        },
      ),
      { numRuns: 50 },
    );
    expect(p(-1)).toBe(1);
  });

  it('refuses what cannot be shuffled', () => {
    const draws = { seed: 1, draws: 9 };
    expect(() => permuteDelta([], [1, 1], 0, draws)).toThrow(RangeError);
    expect(() => permuteDelta([1], [1], 0, draws)).toThrow(RangeError);
    expect(() => permuteDelta([Number.NaN], [1, 1], 0, draws)).toThrow(RangeError);
  });

  it.each([
    [60, 40],
    [20, 400],
    [2, 20],
  ])('has a uniform p, or a larger one, when %i members are like %i controls', (memberCount, controlCount) => {
    const random = new RandomState(memberCount);
    const tests = 2_000;
    const levels = [0.01, 0.05, 0.2, 0.5];
    const rejected = levels.map(() => 0);
    for (let test = 0; test < tests; test++) {
      const draw = (length: number) => Array.from({ length }, () => random.gauss() / 8);
      const [members, controls] = [draw(memberCount), draw(controlCount)];
      const { p } = permuteDelta(members, controls, delta(members, controls), { seed: test, draws: 199 });
      for (const [i, level] of levels.entries()) if (p <= level) rejected[i]! += 1;
    }
    for (const [i, level] of levels.entries()) {
      expect(rejected[i]! / tests).toBeLessThan(level + 3.5 * Math.sqrt((level * (1 - level)) / tests));
    }
    // Delta takes few values, hence the slack below; but p is not idle.
    expect(rejected[3]! / tests).toBeGreaterThan(0.1);
  });
});
