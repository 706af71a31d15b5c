/** Measures how people of a gallery lie among each other, without the generator and without knowing their side. */
import type { Layout } from '../counts/roster.ts';
import { dot } from '../numbers/dot.ts';

/** Nearest others whose similarities are averaged. */
const NEIGHBOURS = 5;

/**
 * How people lie among each other. Members who vary more in how typical they are than controls are found more often by
 * chance, though the means of both sides are alike, which is all that the blind gate sees.
 */
export interface Spread {
  /** [identities] mean cosine between a person's mean face and those of all other people; NaN for a gallery of one person. */
  readonly typicality: Float32Array;
  /** [identities] mean cosine to the five nearest others; NaN where there are fewer, or the person was not chosen. */
  readonly crowding: Float32Array;
  /** [identities] mean cosine between two photos of the person; NaN with one photo. */
  readonly agreement: Float32Array;
}

/**
 * Mean cosine of each person to all others: with S the sum of all, (t_i S - t_i t_i) / (n - 1).
 *
 * @param centroids f32 [identities, length], of length 1.
 */
export function typicalityOf(centroids: Float32Array, length: number): Float32Array {
  const people = centroids.length / length;
  const sum = new Float64Array(length);
  for (let i = 0; i < centroids.length; i++) sum[i % length]! += centroids[i]!;
  return Float32Array.from({ length: people }, (_, i) => {
    let [toAll, toSelf] = [0, 0];
    for (let k = 0; k < length; k++) {
      const value = centroids[i * length + k]!;
      toAll += value * sum[k]!;
      toSelf += value * value;
    }
    return people > 1 ? (toAll - toSelf) / (people - 1) : Number.NaN;
  });
}

/**
 * Mean cosine between the photos of each person. With n photos that sum up to s, (|s|^2 - n) / (n (n - 1)).
 *
 * @param embeddings f32 [faces, length], L2-normalised.
 */
export function agreementOf(
  embeddings: Float32Array,
  length: number,
  { faceStart }: Pick<Layout, 'faceStart'>,
): Float32Array {
  const sum = new Float32Array(length);
  return Float32Array.from({ length: faceStart.length - 1 }, (_, person) => {
    const [first, end] = [faceStart[person]!, faceStart[person + 1]!];
    const photos = end - first;
    if (photos < 2) return Number.NaN;
    sum.fill(0);
    for (let face = first; face < end; face++) {
      for (let k = 0; k < length; k++) sum[k]! += embeddings[face * length + k]!;
    }
    return (dot(sum, 0, sum, 0, length) - photos) / (photos * (photos - 1));
  });
}

/** Keeps the nearest others of some people while their cosines come by in blocks. */
export class NearestOthers {
  readonly #best: Float32Array;

  constructor(people: number) {
    this.#best = new Float32Array(people * NEIGHBOURS).fill(-2);
  }

  /** The cosine of one person to one other. */
  add(person: number, cosine: number): void {
    const best = this.#best;
    const start = person * NEIGHBOURS;
    let place = start + NEIGHBOURS - 1;
    if (cosine <= best[place]!) return;
    for (; place > start && best[place - 1]! < cosine; place--) best[place] = best[place - 1]!;
    best[place] = cosine;
  }

  /** [people] the mean of the nearest; NaN where there were fewer than five. */
  means(): Float32Array {
    const best = this.#best;
    return Float32Array.from({ length: best.length / NEIGHBOURS }, (_, person) => {
      const own = best.subarray(person * NEIGHBOURS, (person + 1) * NEIGHBOURS);
      return own[NEIGHBOURS - 1]! < -1.5 ? Number.NaN : own.reduce((sum, value) => sum + value, 0) / NEIGHBOURS;
    });
  }
}
