import { describe, expect, it } from 'vitest';
import { overlappingPeople, overlapThreshold } from '../../../shared/audit/gallery/overlap.ts';
import { peopleOn, type Shift } from '../people.ts';

const MEMBERS = 300;
const sides = { members: MEMBERS, controls: 300, length: 64 };

/** Makes the second of each pair the same person as the first, under photos of their own. */
function same(pairs: readonly (readonly [number, number])[]): Shift {
  const directions = new Map<number, Float64Array>();
  return (direction, person) => {
    const [first] = pairs.find(([, second]) => second === person) ?? [];
    if (first !== undefined) direction.set(directions.get(first)!);
    else directions.set(person, direction.slice());
  };
}

function overlapOf(pairs: readonly (readonly [number, number])[], seed = 1) {
  const { centroids, isMember } = peopleOn(seed, sides, same(pairs));
  const threshold = overlapThreshold(centroids, isMember, 1)!;
  return { threshold, ...overlappingPeople(centroids, isMember, threshold) };
}

describe('people on both sides', () => {
  it('are found under different photos, and both are named', () => {
    const { members, controls } = overlapOf([
      [3, 310],
      [7, 599],
      [299, 300],
    ]);
    expect(members).toEqual([3, 7, 299]);
    expect(controls).toEqual([300, 310, 599]);
  });

  it('are found wherever they stand', () => {
    // In every place of a block of products, and of a block that is not full: unit vectors, the same on both sides.
    const length = 37;
    const isMember = Uint8Array.from({ length: 2 * length }, (_, i) => i % 2);
    for (let person = 0; person < length; person++) {
      const centroids = new Float32Array(2 * length * length);
      centroids[2 * person * length + 5] = 1;
      centroids[(2 * ((person * 11) % length) + 1) * length + 5] = 1;
      expect(overlappingPeople(centroids, isMember, 0.9)).toEqual({
        members: [2 * ((person * 11) % length) + 1],
        controls: [2 * person],
      });
    }
  });

  it('are found even where a side holds a few people twice', () => {
    const twice = [
      [10, 11],
      [20, 21],
      [400, 401],
    ] as const;
    const { threshold, members, controls } = overlapOf([...twice, [3, 310]]);
    // Taken as they are, their cosines of 0.9 would make it 0.577, not 0.49.
    expect(Math.abs(threshold - overlapOf([]).threshold)).toBeLessThan(0.01);
    expect(members).toContain(3);
    expect(controls).toContain(310);
    expect(members.length + controls.length).toBeLessThan(8);
  });

  it('are hardly ever seen where there are none', () => {
    // In 32 such sets of 90,000 pairs across, 26 members were named: thresholds from 600 people err by 0.03.
    const found = [1, 2, 3, 4, 5, 6].map((seed) => overlapOf([], seed).members.length);
    expect(found.reduce((a, b) => a + b)).toBeLessThanOrEqual(12);
  });

  it('have a threshold near that of independent directions', () => {
    // scipy 1.17: 2 stats.beta(31.5, 31.5).isf(1e-6) - 1, what two random directions exceed once in a million pairs.
    const thresholds = [1, 2, 3, 4].map((seed) => overlapOf([], seed).threshold);
    expect(Math.abs(thresholds.reduce((a, b) => a + b) / 4 - 0.55074)).toBeLessThan(0.06);
  });

  it('cannot be told where there are too few people for a threshold', () => {
    const { centroids, isMember } = peopleOn(1, { members: 30, controls: 30, length: 16 });
    expect(overlapThreshold(centroids, isMember, 1)).toBeNull();
    const alone = peopleOn(1, { members: 1, controls: 1, length: 16 });
    expect(overlapThreshold(alone.centroids, alone.isMember, 1)).toBeNull();
  });
});
