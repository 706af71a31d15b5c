import { describe, expect, it } from 'vitest';
import { tprPoints } from '../../../shared/audit/evidence/tpr.ts';
import { clopperPearson } from '../../../shared/audit/numbers/intervals.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const range = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

describe('tprPoints', () => {
  it('asks for ten expected false positives', () => {
    const rates = (controls: number) => tprPoints([1], range(controls)).map(({ fpr }) => fpr);
    expect(rates(999)).toEqual([]);
    expect(rates(1_000)).toEqual([0.01]);
    expect(rates(9_999)).toEqual([0.01]);
    expect(rates(10_000)).toEqual([0.01, 0.001]);
    expect(tprPoints([], range(10_000))).toEqual([]);
  });

  it('counts members above the score that the allowed share of controls exceeds', () => {
    // Ten of 1,000 controls score 990 and more, so 989 is the score; with 98.75% certainty 4 to 18 of them are above
    // the true one (scipy.stats.binom.ppf(0.0125, 1000, 0.01), .isf), which is then from 981 to 996.
    const members = [...new Array<number>(10).fill(0), 985, 985, 989, 990, 995, 996, 997, 998, 999, 1_000];
    const [{ fpr, tpr } = { fpr: 0, tpr: clopperPearson(0, 1) }] = tprPoints(members, range(1_000));
    expect(fpr).toBe(0.01);
    expect(tpr.estimate).toBe(7 / 20);
    expect(tpr.low).toBeCloseTo(clopperPearson(4, 20, 0.975).low, 15);
    expect(tpr.high).toBeCloseTo(clopperPearson(10, 20, 0.975).high, 15);
  });

  it('claims nothing where all scores are equal', () => {
    const [point] = tprPoints(new Float32Array(50), new Float32Array(1_000));
    expect(point!.tpr).toEqual({ ...clopperPearson(0, 50, 0.975), estimate: 0 });
  });

  it('covers the true rate', () => {
    const random = new RandomState(1);
    // P(N(1.5, 1) > 2.3263), the 99% point of the standard normal distribution
    const truth = 0.20424;
    let covered = 0;
    for (let test = 0; test < 400; test++) {
      const draw = (length: number, shift: number) => Float32Array.from({ length }, () => random.gauss() + shift);
      const { low, high } = tprPoints(draw(500, 1.5), draw(1_000, 0))[0]!.tpr;
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(380);
  });
});
