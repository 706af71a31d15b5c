/** Finds the pairs of rows of one side that are more alike than different people are. */
import { type Links, pairsAbove } from '../audit/gallery/groups.ts';
import { TopPairs } from '../audit/gallery/top-pairs.ts';
import { dot } from '../audit/numbers/dot.ts';
import type { Similarity } from '../faces/similarity.ts';
import type { LinkRequest } from './compute.ts';

/** Rows compared with as many others at a time. */
const BLOCK = 1024;
/** How far single precision may be from the cosine: closer ones are computed again in double precision. */
const ROUNDING = 1e-4;
/** Of the highest pairs across the sides each row counts once, so this many are kept for each that is needed. */
const SPARE = 20;
const MOST_KEPT = 2 ** 20;

/**
 * The threshold is the similarity that a pair across the sides exceeds with probability 0.1 / rows: members and controls
 * are different people, so that such pairs need no labels. Each row counts with its nearest pair alone: somebody who is
 * on both sides after all must not lift the threshold with every pair of photos.
 *
 * @param onRows told how many rows have been compared.
 */
export async function linkRows(
  { rows, length, isMember }: LinkRequest,
  similarity: Pick<Similarity, 'cosines'>,
  onRows: (done: number) => void,
): Promise<Links> {
  const side = (wanted: number) => Uint32Array.from([...isMember.keys()].filter((row) => isMember[row] === wanted));
  const [members, controls] = [side(1), side(0)];
  const block = (chosen: Uint32Array, from: number) => {
    const places = chosen.subarray(from, from + BLOCK);
    const out = new Float32Array(places.length * length);
    for (const [i, row] of places.entries()) out.set(rows.subarray(row * length, (row + 1) * length), i * length);
    return { places, values: out };
  };
  const exact = (x: number, y: number) => dot(rows, x * length, rows, y * length, length);
  let done = 0;
  const tick = (count: number) => {
    done += count;
    onRows(done);
  };

  const wanted = pairsAbove(members.length, controls.length);
  const top = new TopPairs(Math.min(MOST_KEPT, SPARE * wanted));
  for (let m = 0; m < members.length; m += BLOCK) {
    const left = block(members, m);
    for (let c = 0; c < controls.length; c += BLOCK) {
      const right = block(controls, c);
      const cosines = await similarity.cosines(left.values, right.values);
      for (const [i, row] of left.places.entries()) top.addRow(row, cosines, i * right.places.length, right.places, 0);
    }
    tick(left.places.length);
  }
  const threshold = thresholdOf(top.finish(), wanted, exact);

  const a: number[] = [];
  const b: number[] = [];
  for (const chosen of [members, controls]) {
    for (let i = 0; i < chosen.length; i += BLOCK) {
      const left = block(chosen, i);
      for (let j = i; j < chosen.length; j += BLOCK) {
        const right = block(chosen, j);
        const cosines = await similarity.cosines(left.values, right.values);
        const width = right.places.length;
        for (let x = 0; x < left.places.length; x++) {
          for (let y = i === j ? x + 1 : 0; y < width; y++) {
            if (cosines[x * width + y]! < threshold - ROUNDING) continue;
            const [one, other] = [left.places[x]!, right.places[y]!];
            if (exact(one, other) < threshold) continue;
            a.push(one);
            b.push(other);
          }
        }
      }
      tick(left.places.length);
    }
  }
  return { threshold, a: Uint32Array.from(a), b: Uint32Array.from(b) };
}

/** The lowest of the `wanted` highest similarities in which every row counts once; 1 where there are no pairs. */
function thresholdOf(
  { a, b }: Pick<Links, 'a' | 'b'>,
  wanted: number,
  exact: (x: number, y: number) => number,
): number {
  const pairs = Array.from(a, (row, i) => ({ row, other: b[i]!, value: exact(row, b[i]!) }));
  pairs.sort((x, y) => y.value - x.value || x.row - y.row || x.other - y.other);
  const seen = new Set<number>();
  let threshold = 1;
  let counted = 0;
  for (const { row, other, value } of pairs) {
    if (seen.has(row) || seen.has(other)) continue;
    seen.add(row).add(other);
    threshold = value;
    counted += 1;
    if (counted === wanted) break;
  }
  return threshold;
}
