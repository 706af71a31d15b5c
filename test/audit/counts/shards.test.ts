import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchCount, batchRange, cutShards, samplesIn } from '../../../shared/audit/counts/shards.ts';

const grids = fc.record({ samples: fc.integer({ min: 1, max: 5_000 }), batch: fc.integer({ min: 1, max: 300 }) });

describe('the grid', () => {
  it('puts every sample in exactly one batch', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        let next = 0;
        for (let b = 0; b < batchCount(grid); b++) {
          const { first, count } = batchRange(grid, b);
          expect(first).toBe(next);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(grid.batch);
          next += count;
          expect(samplesIn(grid, b + 1)).toBe(next);
        }
        expect(next).toBe(grid.samples);
      }),
    );
  });

  it('has a short last batch', () => {
    expect(batchRange({ samples: 10, batch: 4 }, 2)).toEqual({ first: 8, count: 2 });
    expect(() => batchRange({ samples: 10, batch: 4 }, 3)).toThrow(RangeError);
  });
});

describe('cutShards', () => {
  it('cuts contiguous runs of whole batches that differ by at most one, none empty', () => {
    fc.assert(
      fc.property(grids, fc.integer({ min: 1, max: 200 }), (grid, wanted) => {
        const shards = cutShards(grid, wanted);
        const sizes = shards.map(({ batches }) => batches);
        expect(shards).toHaveLength(Math.min(wanted, batchCount(grid)));
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        let next = 0;
        for (const [i, { index, firstBatch, batches }] of shards.entries()) {
          expect([index, firstBatch]).toEqual([i, next]);
          next += batches;
        }
        expect(next).toBe(batchCount(grid));
      }),
    );
  });

  it.each([
    [{ samples: 0, batch: 1 }, 1],
    [{ samples: 1, batch: 0 }, 1],
    [{ samples: 1.5, batch: 1 }, 1],
    [{ samples: 1, batch: 1 }, 0],
  ])('refuses %j in %s shards', (grid, shards) => {
    expect(() => cutShards(grid, shards)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
