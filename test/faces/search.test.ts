import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { type Found, GallerySearch } from '../../shared/faces/search.ts';
import { cpu } from '../support/runtime.ts';

/** Rows of multiples of 1/4, so that every product is exact and ties are common. */
function coarse(seed: number, rows: number, length: number): Float32Array {
  const random = new RandomState(seed);
  return Float32Array.from({ length: rows * length }, () => (random.below(5) - 2) / 4);
}

/** What the search must find, one product after the other. */
function bruteForce(gallery: Float32Array, probes: Float32Array, length: number, k: number): Found {
  const [faces, rows] = [gallery.length / length, probes.length / length];
  const kept = Math.min(k, faces);
  const similarity = (row: number, face: number) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += probes[row * length + i]! * gallery[face * length + i]!;
    return sum;
  };
  const nearest = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: faces }, (_, face) => face)
      .sort((a, b) => similarity(row, b) - similarity(row, a) || a - b)
      .slice(0, kept),
  );
  const best = Array.from({ length: faces }, (_, face) => {
    let winner = 0;
    for (let row = 1; row < rows; row++) if (similarity(row, face) > similarity(winner, face)) winner = row;
    return winner;
  });
  return {
    columnMax: Float32Array.from(best, (row, face) => similarity(row, face)),
    columnArg: BigInt64Array.from(best, BigInt),
    topValues: Float32Array.from(nearest.flatMap((found, row) => found.map((face) => similarity(row, face)))),
    topFaces: BigInt64Array.from(nearest.flat(), BigInt),
  };
}

async function search(gallery: Float32Array, probes: Float32Array, length: number, k: number): Promise<Found> {
  const opened = await GallerySearch.open(cpu, gallery, length, k);
  try {
    return await opened.search(probes);
  } finally {
    await opened.release();
  }
}

describe('the search', () => {
  it('finds what brute force finds; of equals, the first', async () => {
    const size = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), size, size, size, size, async (seed, faces, rows, length, k) => {
        const gallery = coarse(seed, faces, length);
        const probes = coarse(seed + 1, rows, length);
        expect(await search(gallery, probes, length, k)).toEqual(bruteForce(gallery, probes, length, k));
      }),
      { numRuns: 60 },
    );
  });

  it('finds the same in batches as in one go', async () => {
    const [gallery, probes] = [coarse(1, 200, 128), coarse(2, 10, 128)];
    const opened = await GallerySearch.open(cpu, gallery, 128, 5);
    const whole = await opened.search(probes);
    const one = await opened.search(probes.subarray(3 * 128, 4 * 128));
    await opened.release();
    expect(one.topFaces).toEqual(whole.topFaces.slice(15, 20));
    expect(one.topValues).toEqual(whole.topValues.slice(15, 20));
  });

  it('gives as many neighbours as there are faces, at most', async () => {
    const opened = await GallerySearch.open(cpu, coarse(1, 3, 4), 4, 10);
    expect(opened.k).toBe(3);
    await opened.release();
  });

  it('reads a gallery that is a view into a larger file', async () => {
    const file = coarse(3, 9, 4);
    const probes = coarse(4, 2, 4);
    const view = file.subarray(8, 28);
    expect(await search(view, probes, 4, 2)).toEqual(bruteForce(view, probes, 4, 2));
  });
});
