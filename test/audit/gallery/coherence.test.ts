import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coherenceOf } from '../../../shared/audit/gallery/coherence.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';

const LENGTH = 32;

/** Photos of people with noise; with `mixed`, the same photos dealt to folders that are no people. */
function folders(people: number, photos: number, seed: number, mixed: boolean): Float32Array[][] {
  const random = new RandomState(seed);
  const normal = () => {
    const out = new Float32Array(LENGTH);
    random.randn(out);
    return out;
  };
  const all = Array.from({ length: people }, () => {
    const centre = normal();
    return Array.from({ length: photos }, () => {
      const row = normal().map((value, i) => centre[i]! + 0.5 * value);
      const norm = Math.hypot(...row);
      return row.map((value) => value / norm);
    });
  });
  if (!mixed) return all;
  const dealt = Array.from(random.permutation(people * photos), (at) => all[Math.floor(at / photos)]![at % photos]!);
  return Array.from({ length: people }, (_, i) => dealt.slice(i * photos, (i + 1) * photos));
}

it('people are plausible', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 80 }),
      fc.integer({ min: 2, max: 4 }),
      fc.nat(1000),
      (people, photos, seed) => {
        const { plausible, alike } = coherenceOf(folders(people, photos, seed, false));
        expect(plausible).toBe(true);
        expect(alike / people).toBeGreaterThan(0.9);
      },
    ),
  );
});

it('folders that are no people are not, but for one in twenty', () => {
  const found = Array.from({ length: 200 }, (_, seed) => coherenceOf(folders(60, 2, seed, true)).plausible);
  expect(found.filter(Boolean).length / found.length).toBeLessThan(0.1);
});

it('few people, or people with one photo each, are not judged', () => {
  expect(coherenceOf(folders(19, 2, 1, true)).plausible).toBe(true);
  expect(coherenceOf(folders(60, 1, 1, false))).toEqual({ people: 0, alike: 0, plausible: true });
});
