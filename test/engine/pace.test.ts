import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../shared/engine/pace.ts';

const MOST = 300_000;

describe('the pace of a task', () => {
  it('may be silent for the whole limit while models are loaded and nothing is known', () => {
    const pace = new Pace(MOST);
    expect(pace.limitMs()).toBe(MOST);
    pace.progressed(0, 100_000);
    expect(pace.limitMs()).toBe(MOST);
  });

  it('has the limit of a batch after the first one', () => {
    const pace = new Pace(MOST);
    pace.progressed(0, 5000);
    pace.progressed(32, 4000);
    expect(pace.limitMs()).toBe(80_000);
    pace.progressed(64, 2500);
    expect(pace.limitMs()).toBe(80_000);
  });

  it('has the limit of a calibrated batch as soon as the models are loaded', () => {
    const pace = new Pace(MOST, 3000);
    expect(pace.limitMs()).toBe(MOST);
    pace.progressed(0, 20_000);
    expect(pace.limitMs()).toBe(60_000);
  });

  it('counts the first sign as loading, also where a task gives none before its first items', () => {
    const pace = new Pace(MOST);
    pace.progressed(32, 250_000);
    expect(pace.limitMs()).toBe(MOST);
  });

  it('never has a limit below 30 s or above the whole one', () => {
    const signs = fc.array(fc.tuple(fc.nat(100), fc.double({ min: 0, max: 1e6, noNaN: true })));
    fc.assert(
      fc.property(
        signs,
        fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
        (all, batchMs) => {
          const pace = new Pace(MOST, batchMs);
          for (const [done, ms] of all) {
            pace.progressed(done, ms);
            expect(pace.limitMs()).toBeGreaterThanOrEqual(30_000);
            expect(pace.limitMs()).toBeLessThanOrEqual(MOST);
          }
        },
      ),
    );
  });
});
