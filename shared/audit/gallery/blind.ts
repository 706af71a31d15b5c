/** Tests whether members and controls can be told apart from their photos alone. */
import { cholesky, solveLower } from '../numbers/cholesky.ts';
import { shrunkCovariance } from '../numbers/covariance.ts';
import { dot } from '../numbers/dot.ts';
import { derivedSeed } from '../numbers/keyed.ts';
import { RandomState } from '../numbers/random.ts';

/** Whether members look different from controls before any generator is asked. */
export interface Blind {
  /** [identities] how much each looks like a member, in units of its fold's spread; NaN if not scored. */
  readonly scores: Float32Array;
  /** [shuffles] the AUC of the same scores with the labels shuffled; empty where nobody could be scored. */
  readonly nullAucs: Float32Array;
}

/** At most so many people a side, drawn by seed: more power would only find shifts too small to matter. */
const MOST = 1000;
const FOLDS = 10;
/** (SHUFFLES + 1) times 2.5% is whole, so that the quantile of the shuffles is one of them. */
const SHUFFLES = 199;
/** The square of float32's rounding, and some. */
const DUST = 1e-13;

/**
 * The blind baseline: can members and controls be told apart from their photos alone? Linear discriminant analysis on
 * identity centroids, in ten folds with as many of each side in each (fewer where a side is small): everybody is scored
 * by a direction in whose making they had no part, and the scores of a fold are centred and scaled before folds are
 * put together, without which the area under the curve would come out too low where there is no difference.
 *
 * The covariance is that of all people together, whatever their side, shrunk (covariance.ts), and so knows no label; by
 * the formula of Sherman and Morrison it gives the same direction as the covariance within the sides. That is what
 * makes shuffling cheap: only means of whitened centroids change. And shuffling is needed, because people of different
 * folds score each other: with no difference between the sides, the AUC spreads about 1.4 times as widely as that of
 * independent scores does (each pair of folds is counted in both directions, which doubles the variance), and an
 * interval made from the scores alone would lie above 0.5 in 8 to 9.5% of clean sets instead of 2.5%.
 *
 * @param centroids f32 [identities, length]
 * @param isMember [identities]
 */
export function blindScores(
  centroids: Float32Array,
  isMember: Uint8Array,
  seed: number,
  { most = MOST, shuffles = SHUFFLES } = {},
): Blind {
  const length = centroids.length / isMember.length;
  const random = new RandomState(derivedSeed('blind', seed));
  const members = draw(isMember, 1, most, random);
  const controls = draw(isMember, 0, most, random);
  const scores = new Float32Array(isMember.length).fill(Number.NaN);
  const folds = Math.min(FOLDS, members.length, controls.length);
  if (folds < 2) return { scores, nullAucs: new Float32Array(0) };

  const chosen = [...members, ...controls];
  const labels = Uint8Array.from(chosen, (identity) => isMember[identity]!);
  // Both lists are in random order: dealing them out in turn makes stratified folds.
  const foldOf = Uint8Array.from(chosen, (_, i) => (i < members.length ? i : i - members.length) % folds);
  const rows = new Float32Array(chosen.length * length);
  for (const [i, identity] of chosen.entries()) {
    rows.set(centroids.subarray(identity * length, (identity + 1) * length), i * length);
  }
  const folded = fold(rows, chosen.length, foldOf, folds);
  const scored = crossValidate(folded, labels);
  for (const [i, identity] of chosen.entries()) scores[identity] = scored[i]!;

  const inFold = Array.from({ length: folds }, (_, fold) => [...chosen.keys()].filter((i) => foldOf[i] === fold));
  const shuffled = new Uint8Array(labels.length);
  const nullAucs = Float32Array.from({ length: shuffles }, () => {
    // Within folds, so that the folds stay stratified.
    for (const places of inFold) {
      const own = places.map((i) => labels[i]!);
      random.shuffle(own);
      for (const [j, i] of places.entries()) shuffled[i] = own[j]!;
    }
    return labelledAuc(crossValidate(folded, shuffled), shuffled);
  });
  return { scores, nullAucs };
}

function draw(isMember: Uint8Array, side: 0 | 1, most: number, random: RandomState): readonly number[] {
  const people = [...isMember.keys()].filter((identity) => isMember[identity] === side);
  random.shuffle(people);
  return people.slice(0, most);
}

/** The people scored, as cross-validation needs them. */
interface Folded {
  /** f32 [people, length]: centroids, centred and turned so that the shrunk covariance becomes the identity. */
  readonly white: Float32Array;
  readonly length: number;
  /** [people] */
  readonly foldOf: Uint8Array;
  /** [folds][length] sum of each fold's rows. */
  readonly sums: readonly Float64Array[];
  readonly folds: number;
}

function fold(centroids: Float32Array, people: number, foldOf: Uint8Array, folds: number): Folded {
  const length = centroids.length / people;
  const rows = Float64Array.from(centroids);
  const mean = new Float64Array(length);
  for (let row = 0; row < people; row++) {
    for (let i = 0; i < length; i++) mean[i]! += rows[row * length + i]! / people;
  }
  for (let row = 0; row < people; row++) {
    for (let i = 0; i < length; i++) rows[row * length + i]! -= mean[i]!;
  }
  // Where nobody differs from anybody, by more than the rounding of centroids, every score will be 0.
  const spread = dot(rows, 0, rows, 0, rows.length) / people;
  if (spread <= DUST * dot(mean, 0, mean, 0, length)) rows.fill(0);
  else {
    const { covariance } = shrunkCovariance(rows, length);
    cholesky(covariance, length);
    solveLower(covariance, rows, length);
  }
  const white = Float32Array.from(rows);
  const sums = Array.from({ length: folds }, () => new Float64Array(length));
  for (let row = 0; row < people; row++) addRow(sums[foldOf[row]!]!, white, row);
  return { white, length, foldOf, sums, folds };
}

/** [people] each one's product with the difference of the sides' means in the other folds, centred and scaled by fold. */
function crossValidate({ white, length, foldOf, sums, folds }: Folded, labels: Uint8Array): Float64Array {
  const people = labels.length;
  const memberSums = Array.from({ length: folds }, () => new Float64Array(length));
  const members = new Float64Array(folds);
  const counts = new Float64Array(folds);
  for (let row = 0; row < people; row++) {
    const own = foldOf[row]!;
    counts[own]! += 1;
    if (labels[row] === 0) continue;
    members[own]! += 1;
    addRow(memberSums[own]!, white, row);
  }
  const scores = new Float64Array(people);
  const direction = new Float64Array(length);
  for (let left = 0; left < folds; left++) {
    let memberCount = 0;
    let controlCount = 0;
    for (let other = 0; other < folds; other++) {
      if (other === left) continue;
      memberCount += members[other]!;
      controlCount += counts[other]! - members[other]!;
    }
    direction.fill(0);
    for (let other = 0; other < folds; other++) {
      if (other === left) continue;
      const [all, own] = [sums[other]!, memberSums[other]!];
      for (let i = 0; i < length; i++) {
        direction[i]! += own[i]! / memberCount - (all[i]! - own[i]!) / controlCount;
      }
    }
    scoreFold(white, foldOf, left, direction, scores);
  }
  return scores;
}

function addRow(sum: Float64Array, rows: Float32Array, row: number): void {
  const from = row * sum.length;
  for (let i = 0; i < sum.length; i++) sum[i]! += rows[from + i]!;
}

function scoreFold(
  white: Float32Array,
  foldOf: Uint8Array,
  wanted: number,
  direction: Float64Array,
  scores: Float64Array,
): void {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < foldOf.length; row++) {
    if (foldOf[row] !== wanted) continue;
    const score = dot(white, row * direction.length, direction, 0, direction.length);
    scores[row] = score;
    count += 1;
    sum += score;
    squares += score * score;
  }
  const mean = sum / count;
  const spread = Math.sqrt(Math.max(0, squares / count - mean * mean)) || 1;
  for (let row = 0; row < foldOf.length; row++) {
    if (foldOf[row] === wanted) scores[row] = (scores[row]! - mean) / spread;
  }
}

/** As auc.ts, for scores that are many times ranked: sorts two typed arrays and walks along both. */
function labelledAuc(scores: Float64Array, labels: Uint8Array): number {
  const members = scores.filter((_, i) => labels[i] === 1).sort();
  const controls = scores.filter((_, i) => labels[i] === 0).sort();
  let below = 0;
  let upTo = 0;
  let twice = 0;
  for (const score of members) {
    while (below < controls.length && controls[below]! < score) below++;
    while (upTo < controls.length && controls[upTo]! <= score) upTo++;
    twice += below + upTo;
  }
  return twice / (2 * members.length * controls.length);
}
