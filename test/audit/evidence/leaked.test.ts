import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leakedFraction, leakedPeople } from '../../../shared/audit/evidence/leaked.ts';
import { newcombe } from '../../../shared/audit/numbers/intervals.ts';

describe('leakedFraction', () => {
  it.each([
    // Donner and Zou's formula in numpy, in its textbook form, with Wilson's limits.
    [70, 500, 2, 250, 0.13306451612903225, 0.09942823362227804, 0.1668522571407337],
    [10, 500, 3, 250, 0.0080971659919028, -0.017000832425739576, 0.026453989727713734],
    [433, 500, 12, 250, 0.8592436974789915, 0.8243615916607584, 0.8877950679824659],
    [500, 500, 0, 250, 1, 0.9923747863376112, 1],
    // Fewer hits than chance explains, and hardly any control left to judge by.
    [0, 500, 4, 250, -0.016260162601626105, -0.04211152816534436, -0.0036446509041709874],
    [3, 20, 9, 10, -7.5, -46.61738695127684, -1.0163448614292099],
  ])('of %i/%i against %i/%i is %s, from %s to %s', (a, m, b, c, estimate, low, high) => {
    const interval = leakedFraction({ hits: a, trials: m }, { hits: b, trials: c })!;
    expect(interval.estimate).toBeCloseTo(estimate, 12);
    expect(interval.low).toBeCloseTo(low, 8);
    expect(interval.high).toBeCloseTo(high, 11);
  });

  it('cannot be told where every control is hit', () => {
    expect(leakedFraction({ hits: 4, trials: 5 }, { hits: 10, trials: 10 })).toBeNull();
  });

  it('holds its estimate, and excludes 0 exactly where the interval of the difference does', () => {
    const counts = fc
      .tuple(fc.integer({ min: 1, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([trials, share]) => ({ hits: Math.round(share * trials), trials }));
    fc.assert(
      fc.property(counts, counts, (members, controls) => {
        const pi = leakedFraction(members, controls);
        if (pi === null) return;
        const delta = newcombe(members, controls);
        expect(pi.low).toBeLessThanOrEqual(pi.estimate + 1e-12);
        expect(pi.high).toBeGreaterThanOrEqual(pi.estimate - 1e-12);
        expect(pi.high).toBeLessThanOrEqual(1);
        if (Math.abs(delta.low) > 1e-9) expect(pi.low > 0).toBe(delta.low > 0);
        if (Math.abs(delta.high) > 1e-9) expect(pi.high < 0).toBe(delta.high < 0);
      }),
      { numRuns: 2_000 },
    );
  });

  // Not simulated: summed over all outcomes that ever happen. scipy gives the same.
  it.each([
    [500, 250, 0.01, 0, 0.965],
    [500, 250, 0.01, 0.02, 0.9646],
    [500, 250, 0.01, 0.1, 0.9557],
    [500, 250, 0.01, 0.5, 0.9516],
    [500, 250, 0.002, 0.5, 0.9504],
    [100, 50, 0.01, 0.1, 0.972],
    [5000, 250, 0.01, 0.02, 0.9594],
    [50, 250, 0.002, 0.5, 0.9416], // the worst of the 96 designs
  ])(
    'of %i members and %i controls hit by chance at %s covers pi = %s in %s of audits',
    (k, b, chance, pi, coverage) => {
      const members = outcomes(k, pi + (1 - pi) * chance);
      const controls = outcomes(b, chance);
      let covered = 0;
      for (const [a, pa] of members) {
        for (const [c, pc] of controls) {
          const interval = leakedFraction({ hits: a, trials: k }, { hits: c, trials: b })!;
          if (interval.low <= pi + 1e-12 && interval.high >= pi - 1e-12) covered += pa * pc;
        }
      }
      expect(covered).toBeCloseTo(coverage, 3);
    },
  );
});

describe('leakedPeople', () => {
  it('is nobody at least and everybody at most', () => {
    expect(leakedPeople({ estimate: -0.2, low: -3, high: 0.25 }, 200)).toEqual({ estimate: 0, low: 0, high: 50 });
    expect(leakedPeople({ estimate: 1, low: 0.9, high: 1 }, 10)).toEqual({ estimate: 10, low: 9, high: 10 });
  });
});

/** Binomial outcomes with their probabilities, but those that make up a 1e-8 of all. */
function outcomes(trials: number, p: number): [number, number][] {
  let log = trials * Math.log1p(-p);
  const all: [number, number][] = [];
  for (let x = 0; x <= trials; x++) {
    if (log > Math.log(1e-11)) all.push([x, Math.exp(log)]);
    log += Math.log(((trials - x) * p) / ((x + 1) * (1 - p)));
  }
  return all;
}
