import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageLinkage, componentsOf, pairsAbove } from '../../../shared/audit/gallery/groups.ts';
import { dot } from '../../../shared/audit/numbers/dot.ts';
import { RandomState } from '../../../shared/audit/numbers/random.ts';
import { linkRows } from '../../../shared/engine/link.ts';

const LENGTH = 16;

function drawn(random: RandomState): Float64Array {
  const out = new Float64Array(LENGTH);
  random.randn(out);
  return out;
}

/** f32 [people * photos, LENGTH]: photos of people, each a direction with a little noise, of length 1. */
function photosOf(people: number, photos: number, noise: number, seed: number): Float32Array {
  const random = new RandomState(seed);
  const rows = new Float32Array(people * photos * LENGTH);
  for (let person = 0; person < people; person++) {
    const centre = drawn(random);
    for (let photo = 0; photo < photos; photo++) {
      const row = drawn(random).map((value, i) => centre[i]! + noise * value);
      const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      rows.set(
        Float32Array.from(row, (value) => value / norm),
        (person * photos + photo) * LENGTH,
      );
    }
  }
  return rows;
}

const cosines = async (rows: Float32Array, columns: Float32Array) => {
  const [n, m] = [rows.length / LENGTH, columns.length / LENGTH];
  return Float32Array.from({ length: n * m }, (_, at) =>
    dot(rows, Math.floor(at / m) * LENGTH, columns, (at % m) * LENGTH, LENGTH),
  );
};

const canonical = (groups: readonly (readonly number[])[], nameOf: (row: number) => number) =>
  groups
    .map((group) =>
      group
        .map(nameOf)
        .sort((a, b) => a - b)
        .join(' '),
    )
    .sort();

describe('average linkage', () => {
  it('finds people whose photos are close to each other', () => {
    const rows = photosOf(12, 4, 0.05, 1);
    const groups = averageLinkage(rows, LENGTH, [...Array(48).keys()], [...Array(48).keys()].map(String), 0.9);
    expect(groups).toEqual(Array.from({ length: 12 }, (_, person) => [0, 1, 2, 3].map((photo) => person * 4 + photo)));
  });

  it('gives the same groups in whatever order the photos come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.shuffledSubarray([...Array(24).keys()], { minLength: 24 }),
        fc.double({ min: -0.5, max: 0.99, noNaN: true }),
        (seed, order, threshold) => {
          const rows = photosOf(8, 3, 0.6, seed);
          const keys = order.map((_, i) => `photo ${String(i).padStart(2, '0')}`);
          const shuffled = new Float32Array(rows.length);
          for (const [to, from] of order.entries())
            shuffled.set(rows.subarray(from * LENGTH, (from + 1) * LENGTH), to * LENGTH);
          const places = [...order.keys()];
          const before = averageLinkage(rows, LENGTH, places, keys, threshold);
          const after = averageLinkage(
            shuffled,
            LENGTH,
            places,
            order.map((from) => keys[from]!),
            threshold,
          );
          expect(canonical(after, (row) => order[row]!)).toEqual(canonical(before, (row) => row));
        },
      ),
    );
  });

  it('merges only groups whose mean cosine is not below the threshold, and leaves no such two apart', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.double({ min: -0.3, max: 0.95, noNaN: true }),
        (seed, threshold) => {
          const rows = photosOf(6, 3, 0.8, seed);
          const groups = averageLinkage(
            rows,
            LENGTH,
            [...Array(18).keys()],
            [...Array(18).keys()].map(String),
            threshold,
          );
          const mean = (a: readonly number[], b: readonly number[]) =>
            a.reduce(
              (sum, x) => sum + b.reduce((inner, y) => inner + dot(rows, x * LENGTH, rows, y * LENGTH, LENGTH), 0),
              0,
            ) /
            (a.length * b.length);
          for (const [i, one] of groups.entries()) {
            for (const other of groups.slice(i + 1)) expect(mean(one, other)).toBeLessThan(threshold + 1e-9);
          }
          expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(18).keys()]);
        },
      ),
    );
  });
});

it('components are those of the graph', () => {
  const a = Uint32Array.from([0, 4, 2]);
  const b = Uint32Array.from([2, 5, 3]);
  expect([...componentsOf(7, { a, b })]).toEqual([0, 1, 0, 0, 4, 4, 6]);
});

describe('links', () => {
  it('are the pairs of one side above the threshold, which a tenth of a pair a photo across the sides exceeds', async () => {
    const rows = photosOf(40, 3, 0.3, 5);
    const isMember = Uint8Array.from({ length: 120 }, (_, i) => (i < 60 ? 1 : 0));
    const { threshold, a, b } = await linkRows({ rows, length: LENGTH, isMember }, { cosines }, () => undefined);
    const cosine = (x: number, y: number) => dot(rows, x * LENGTH, rows, y * LENGTH, LENGTH);
    const expected: string[] = [];
    let across = 0;
    for (let x = 0; x < 120; x++) {
      for (let y = x + 1; y < 120; y++) {
        if (isMember[x] === isMember[y] && cosine(x, y) >= threshold) expected.push(`${x} ${y}`);
        if (isMember[x] !== isMember[y] && cosine(x, y) >= threshold) across += 1;
      }
    }
    expect(Array.from(a, (x, i) => `${x} ${b[i]}`).sort()).toEqual(expected.sort());
    expect(across).toBeGreaterThanOrEqual(pairsAbove(60, 60));
  });

  it('have a threshold that somebody on both sides with many photos hardly lifts', async () => {
    const isMember = Uint8Array.from({ length: 240 }, (_, i) => (i < 120 ? 1 : 0));
    const rows = photosOf(80, 3, 0.3, 9);
    const plain = await linkRows({ rows, length: LENGTH, isMember }, { cosines }, () => undefined);
    const both = rows.slice();
    // The last member's photos become photos of the first control, nearly.
    for (let i = 0; i < 3 * LENGTH; i++) both[117 * LENGTH + i] = rows[120 * LENGTH + i]!;
    const contaminated = await linkRows({ rows: both, length: LENGTH, isMember }, { cosines }, () => undefined);
    expect(contaminated.threshold).toBeGreaterThanOrEqual(plain.threshold - 0.02);
    expect(contaminated.threshold).toBeLessThan(plain.threshold + 0.08);
  });

  it('are none where there is no other side to tell how alike strangers are', async () => {
    const rows = photosOf(5, 2, 0.05, 3);
    const links = await linkRows(
      { rows, length: LENGTH, isMember: new Uint8Array(10).fill(1) },
      { cosines },
      () => undefined,
    );
    expect(links.a).toHaveLength(0);
  });
});
