import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg, conformal, controlsNeeded } from '../../../shared/audit/evidence/discoveries.ts';
import { holm } from '../../../shared/audit/numbers/holm.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const scoreLists = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 20 });
const pLists = fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });

describe('conformal p', () => {
  it('is the share of controls at least as high, the person counted among them', () => {
    expect([...conformal([5, 3, 0, 9], [1, 2, 3, 4, 5])]).toEqual([2 / 6, 4 / 6, 1, 1 / 6]);
    fc.assert(
      fc.property(scoreLists, scoreLists, (scores, controls) => {
        const expected = scores.map((s) => (1 + controls.filter((c) => c >= s).length) / (controls.length + 1));
        expect([...conformal(scores, controls)]).toEqual(expected);
      }),
    );
  });

  it('is uniform, or larger, for a person like the controls', () => {
    const random = new RandomState(1);
    let below = 0;
    for (let test = 0; test < 4_000; test++) {
      const [score, ...controls] = Array.from({ length: 40 }, () => random.gauss());
      if (conformal([score!], controls)[0]! <= 0.1) below++;
    }
    expect(below / 4_000).toBeCloseTo(0.1, 1);
    expect(below).toBeLessThanOrEqual(400 + 3 * 19);
  });
});

describe('benjaminiHochberg', () => {
  it('agrees with scipy', () => {
    // scipy.stats.false_discovery_control(p)
    const q = benjaminiHochberg([0.01, 0.02, 0.03, 0.05, 0.2, 0.5, 0.9, 0.04]);
    const expected = [0.08, 0.08, 0.08, 0.08, 0.26666666666666666, 0.5714285714285714, 0.9, 0.08];
    for (const [i, value] of expected.entries()) expect(q[i]).toBeCloseTo(value, 14);
  });

  it('names whom the step-up procedure names', () => {
    fc.assert(
      fc.property(pLists, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (p, level) => {
        const sorted = p.toSorted((a, b) => a - b);
        const named = sorted.findLastIndex((value, i) => (value * p.length) / (i + 1) <= level) + 1;
        expect(benjaminiHochberg(p).filter((q) => q <= level)).toHaveLength(named);
      }),
    );
  });

  it('keeps the order of p, is never below it, and follows a change of order', () => {
    fc.assert(
      fc.property(pLists, (p) => {
        const q = benjaminiHochberg(p);
        for (const [i, value] of p.entries()) {
          expect(q[i]).toBeGreaterThanOrEqual(value * (1 - 1e-15)); // p n / n
          expect(q[i]).toBeLessThanOrEqual(1);
          for (const [j, other] of p.entries()) if (value <= other) expect(q[i]).toBeLessThanOrEqual(q[j]!);
        }
        expect([...benjaminiHochberg(p.toReversed())].reverse()).toEqual([...q]);
      }),
    );
  });
});

describe('controlsNeeded', () => {
  it('is K/(qR) - 1', () => {
    expect(controlsNeeded(500, 0.1)).toBe(4_999);
    expect(controlsNeeded(500, 0.1, 5)).toBe(999);
    expect(controlsNeeded(1, 1)).toBe(0);
    expect(() => controlsNeeded(5, 0.1, 6)).toThrow(RangeError);
    expect(() => controlsNeeded(5, 0)).toThrow(RangeError);
  });

  it('is enough, and one fewer is not', () => {
    const people = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(people, people, fc.constantFrom(0.01, 0.05, 0.1, 0.3), (a, b, level) => {
        const members = Math.max(a, b);
        const discoveries = Math.min(a, b);
        const best = (controls: number) => {
          const scores = Array.from({ length: members }, (_, i) => (i < discoveries ? 2 : 0));
          const q = benjaminiHochberg(conformal(scores, new Array<number>(controls).fill(1)));
          return q.filter((value) => value <= level).length;
        };
        const controls = controlsNeeded(members, level, discoveries);
        expect(best(controls)).toBeGreaterThanOrEqual(discoveries);
        if (controls > 0) expect(best(controls - 1)).toBe(0);
      }),
    );
  });
});

describe('holm', () => {
  it('agrees with the step-down procedure worked by hand', () => {
    // 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1 raised to what came before; R: p.adjust(p, "holm")
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, value] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(value, 15);
    expect(holm([])).toEqual([]);
    expect(holm([0.02])).toEqual([0.02]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
  });

  it('rejects at a level whom stepping down rejects', () => {
    fc.assert(
      fc.property(pLists, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (p, level) => {
        const sorted = p.toSorted((a, b) => a - b);
        const kept = sorted.findIndex((value, i) => (p.length - i) * value > level);
        expect(holm(p).filter((value) => value <= level)).toHaveLength(kept === -1 ? p.length : kept);
      }),
    );
  });
});
