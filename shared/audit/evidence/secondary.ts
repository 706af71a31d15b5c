/** Computes the secondary measures: data-copying, authenticity and distance ratio. */
import { BINS, binOf } from '../numbers/bins.ts';
import { clopperPearson, type Interval } from '../numbers/intervals.ts';

/**
 * Data-copying Z_U (Meehan, Chaudhuri and Dasgupta, "A non-parametric test to detect data-copying in generative
 * models", AISTATS 2020), over the whole space as one cell: Mann and Whitney's U of the distances to the nearest member,
 * generated faces against held-out real ones, as a normal deviate with the variance corrected for ties. Far below 0
 * the samples lie nearer to the training faces than other real faces do.
 *
 * Samples are known by bin, so both sides are compared by bin. A sample with no member among its nearest faces counts as
 * farther from the members than any. The deviate takes faces for independent, which photos of one person are not.
 *
 * @param bestMember [2048] samples by bin of the best similarity to a member.
 * @param samples samples with a face.
 * @param heldOut [control faces] similarity to the nearest member.
 * @returns null if either side is empty.
 */
export function dataCopying(bestMember: Float64Array, samples: number, heldOut: Float32Array): number | null {
  const controls = new Float64Array(BINS);
  for (const similarity of heldOut) controls[binOf(similarity)]! += 1;
  const [m, n] = [samples, heldOut.length];
  if (m === 0 || n === 0) return null;
  const counted = bestMember.reduce((sum, count) => sum + count, 0);
  // Pairs, doubled, in which the sample is farther than the held-out face; a tie counts half.
  let doubled = 2 * (m - counted) * n;
  let samplesBelow = 0;
  let ties = (m - counted) ** 3 - (m - counted);
  for (let bin = 0; bin < BINS; bin++) {
    const [s, c] = [bestMember[bin]!, controls[bin]!];
    doubled += c * (2 * samplesBelow + s);
    samplesBelow += s;
    ties += (s + c) ** 3 - (s + c);
  }
  const all = m + n;
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  return variance > 0 ? (doubled / 2 - (m * n) / 2) / Math.sqrt(variance) : 0;
}

/**
 * The share of samples that are authentic (Alaa, van Breugel, Saveliev and van der Schaar, "How faithful is your
 * synthetic data?", ICML 2022): not nearer to their nearest training face than that face is to its own nearest other
 * training face. Null where it was not counted, or no sample has a face.
 */
export function authenticity(authentic: number | null, samples: number): Interval | null {
  return authentic === null || samples === 0 ? null : clopperPearson(authentic, samples);
}

/**
 * Nearest-neighbour distance ratio: the median member's distance to the nearest sample over the median control's, with
 * distance 1 - similarity. Below 1 samples lie nearer to members. Null if a side is empty or the controls' median is 0.
 */
export function distanceRatio(members: ArrayLike<number>, controls: ArrayLike<number>): number | null {
  if (members.length === 0 || controls.length === 0) return null;
  const distance = 1 - median(controls);
  return distance > 0 ? (1 - median(members)) / distance : null;
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
