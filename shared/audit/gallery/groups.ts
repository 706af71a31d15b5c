/**
 * Groups photos of which nothing says who is in them: into people by average linkage, and people who may be the same into
 * blocks by single linkage.
 */
import { dot } from '../numbers/dot.ts';
import { compareStrings } from '../numbers/keyed.ts';

/** Pairs of rows that are more alike than a threshold, which follows from pairs that are certainly of different people. */
export interface Links {
  /** Cosine, or mean cosine of the photos of two groups, that a pair across the sides exceeds with a small probability. */
  readonly threshold: number;
  /** Rows of each pair, both of the same side, the lower first. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

/** More photos that hang together cannot be told apart by this recognizer; grouping them takes their square in memory. */
export const MOST_CONNECTED = 4000;

/** The connected components of `count` rows: for each row the lowest row that it is connected with. */
export function componentsOf(count: number, { a, b }: Pick<Links, 'a' | 'b'>): Uint32Array {
  const parent = Uint32Array.from({ length: count }, (_, i) => i);
  const rootOf = (row: number): number => {
    let root = row;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = row; parent[at] !== root; ) [at, parent[at]] = [parent[at]!, root];
    return root;
  };
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [rootOf(a[i]!), rootOf(b[i]!)];
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
  }
  return parent.map((_, row) => rootOf(row));
}

/**
 * Rows in groups by average linkage (Sokal and Michener 1958): the two groups whose rows have the highest mean cosine are
 * merged, as long as that is not below the threshold. Of equal means, those come first whose keys do: the result does not
 * depend on the order of the rows. Groups and their rows ascend.
 *
 * @param embeddings f32 [rows, length] of the rows' side or more; `rows` are the places to group.
 */
export function averageLinkage(
  embeddings: Float32Array,
  length: number,
  rows: readonly number[],
  keys: readonly string[],
  threshold: number,
): readonly (readonly number[])[] {
  const sorted = [...rows].sort((x, y) => compareStrings(keys[x]!, keys[y]!) || x - y);
  const n = sorted.length;
  const similarity = new Float64Array(n * n).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const cosine = dot(embeddings, sorted[i]! * length, embeddings, sorted[j]! * length, length);
      similarity[i * n + j] = cosine;
      similarity[j * n + i] = cosine;
    }
  }
  const groups: (number[] | undefined)[] = sorted.map((row) => [row]);
  /** Of each group the nearest other one, the first of equally near ones. */
  const nearest = new Int32Array(n);
  const findNearest = (i: number) => {
    let best = -1;
    for (let j = 0; j < n; j++) {
      if (groups[j] && j !== i && (best < 0 || similarity[i * n + j]! > similarity[i * n + best]!)) best = j;
    }
    nearest[i] = best;
  };
  for (let i = 0; i < n; i++) findNearest(i);
  for (;;) {
    let first = -1;
    for (let i = 0; i < n; i++) {
      if (!groups[i] || nearest[i]! < 0) continue;
      if (first < 0 || similarity[i * n + nearest[i]!]! > similarity[first * n + nearest[first]!]!) first = i;
    }
    if (first < 0) break;
    const second = nearest[first]!;
    if (similarity[first * n + second]! < threshold) break;
    const [keep, drop] = [Math.min(first, second), Math.max(first, second)];
    const [kept, dropped] = [groups[keep]!, groups[drop]!];
    for (let j = 0; j < n; j++) {
      if (!groups[j] || j === keep || j === drop) continue;
      const mean =
        (kept.length * similarity[keep * n + j]! + dropped.length * similarity[drop * n + j]!) /
        (kept.length + dropped.length);
      similarity[keep * n + j] = mean;
      similarity[j * n + keep] = mean;
    }
    groups[keep] = [...kept, ...dropped];
    groups[drop] = undefined;
    for (let j = 0; j < n; j++) {
      if (groups[j] && (j === keep || nearest[j] === keep || nearest[j] === drop)) findNearest(j);
    }
    for (let j = 0; j < n; j++) {
      if (groups[j] && j !== keep && similarity[j * n + keep]! > similarity[j * n + nearest[j]!]!) nearest[j] = keep;
    }
  }
  return groups.flatMap((group) => (group ? [[...group].sort((x, y) => x - y)] : [])).sort((x, y) => x[0]! - y[0]!);
}

/**
 * How many pairs across the sides lie above the threshold that a pair exceeds with probability 0.1 / rows: a tenth of a
 * false neighbour for each row, so that single linkage does not connect everything at any size.
 */
export function pairsAbove(members: number, controls: number): number {
  return Math.max(1, Math.ceil((0.1 * members * controls) / (members + controls)));
}
