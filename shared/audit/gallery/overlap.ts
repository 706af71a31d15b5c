/** Finds people who seem to stand on both sides under different photos. */
import { derivedSeed } from '../numbers/keyed.ts';
import { BLOCK, blockOf, blockProducts } from '../numbers/products.ts';
import { RandomState } from '../numbers/random.ts';
import { fmrThresholds } from './fmr.ts';
import type { ImpostorTail } from './profile.ts';

/** Identity numbers, ascending. */
export interface Overlap {
  readonly members: readonly number[];
  readonly controls: readonly number[];
}

/**
 * People who seem to stand on both sides, under different photos: every member and control whose centroids are more
 * similar than the threshold, which `overlapThreshold` gives. Both are to be
 * left out, not one of them: a rule that treats the sides alike favours neither, and so cannot make or hide a
 * difference. By chance it strikes one in a million pairs: of 1,000 and 1,000 people, a pair; up to ten
 * times as many where the threshold is estimated from a few hundred people.
 *
 * @param centroids f32 [identities, length], of length 1 each.
 */
export function overlappingPeople(centroids: Float32Array, isMember: Uint8Array, threshold: number): Overlap {
  const length = centroids.length / isMember.length;
  const of = (side: number) => [...isMember.keys()].filter((identity) => isMember[identity] === side);
  const [members, controls] = [of(1), of(0)];
  const both = new Set<number>();
  const cosines = new Float64Array(BLOCK * BLOCK);
  for (let m = 0; m < members.length; m += BLOCK) {
    const rows = blockOf(centroids, members, m, length);
    for (let c = 0; c < controls.length; c += BLOCK) {
      blockProducts(rows, blockOf(centroids, controls, c, length), length, cosines);
      for (let i = 0; i < Math.min(BLOCK, members.length - m); i++) {
        for (let j = 0; j < Math.min(BLOCK, controls.length - c); j++) {
          if (cosines[i * BLOCK + j]! > threshold) both.add(members[m + i]!).add(controls[c + j]!);
        }
      }
    }
  }
  return {
    members: members.filter((identity) => both.has(identity)),
    controls: controls.filter((identity) => both.has(identity)),
  };
}

const OVERLAP_FMR = 1e-6;

/** The threshold for `overlappingPeople`; null where there are too few people for one (about a hundred a side). */
export function overlapThreshold(centroids: Float32Array, isMember: Uint8Array, seed: number): number | null {
  const thresholds = fmrThresholds(withinSides(centroids, isMember, seed), { seed, draws: 0 });
  return thresholds.find(({ fmr }) => fmr === OVERLAP_FMR)?.value ?? null;
}

/** At most so many people a side, drawn by seed: half a million pairs a side. */
const MOST = 1000;
/** So many within-side doubles, as a share of the people, are looked for. */
const DOUBLES = 0.02;
/** For each of those, so many pairs below them say what gaps are to be expected. */
const WITNESSES = 9;
/** In this share of sides without doubles a pair is taken for one. */
const MISTAKEN = 0.01;

/**
 * How alike different people's centroids are, from pairs of the same side only: pairs across hold the very people that
 * are to be found.
 *
 * A side, too, may hold a person under two names, and such a pair would lift the threshold toward those to be found. So
 * the highest pairs are left out where a gap sets them apart: in the far tail of independent similarities the i-th gap
 * from the top, times i, is exponential with the same mean for every i (Renyi 1953), a mean that the pairs below tell.
 */
function withinSides(centroids: Float32Array, isMember: Uint8Array, seed: number): ImpostorTail {
  const length = centroids.length / isMember.length;
  const random = new RandomState(derivedSeed('within sides', seed));
  const chosen = [1, 0].map((side) => {
    const people = [...isMember.keys()].filter((identity) => isMember[identity] === side);
    random.shuffle(people);
    return people.slice(0, MOST).sort((a, b) => a - b);
  });
  const identities = chosen.reduce((sum, people) => sum + people.length, 0);
  const pairs = chosen.reduce((sum, { length: n }) => sum + (n * (n - 1)) / 2, 0);
  const similarity = new Float32Array(pairs);
  const a = new Uint32Array(pairs);
  const b = new Uint32Array(pairs);
  const cosines = new Float64Array(BLOCK * BLOCK);
  let at = 0;
  for (const people of chosen) {
    for (let i = 0; i < people.length; i += BLOCK) {
      const rows = blockOf(centroids, people, i, length);
      for (let j = i; j < people.length; j += BLOCK) {
        blockProducts(rows, blockOf(centroids, people, j, length), length, cosines);
        for (let x = i; x < Math.min(i + BLOCK, people.length); x++) {
          for (let y = Math.max(j, x + 1); y < Math.min(j + BLOCK, people.length); y++) {
            a[at] = people[x]!;
            b[at] = people[y]!;
            similarity[at++] = cosines[(x - i) * BLOCK + (y - j)]!;
          }
        }
      }
    }
  }
  const kept = Math.min(pairs, Math.max(10_000, Math.ceil(pairs / 100)));
  const cut = similarity.toSorted()[pairs - kept] ?? 0;
  const order = Uint32Array.from({ length: pairs }, (_, i) => i)
    .filter((i) => similarity[i]! >= cut)
    .sort((x, y) => similarity[y]! - similarity[x]! || x - y)
    .subarray(0, kept);
  const doubles = setApart(
    Float32Array.from(order, (i) => similarity[i]!),
    Math.ceil(DOUBLES * identities),
  );
  const rest = order.subarray(doubles);
  return {
    pairs: pairs - doubles,
    identities,
    similarity: Float32Array.from(rest, (i) => similarity[i]!),
    a: Uint32Array.from(rest, (i) => a[i]!),
    b: Uint32Array.from(rest, (i) => b[i]!),
  };
}

/** How many of the highest values, at most `most`, stand above a gap that is no chance. */
function setApart(descending: Float32Array, most: number): number {
  const last = most * (1 + WITNESSES);
  if (last >= descending.length) return 0;
  const gap = (i: number) => i * (descending[i - 1]! - descending[i]!);
  let mean = 0;
  for (let i = most + 1; i <= last; i++) mean += gap(i) / (last - most);
  const widest = -mean * Math.log(MISTAKEN / most);
  for (let i = most; i >= 1; i--) if (gap(i) > widest) return i;
  return 0;
}
