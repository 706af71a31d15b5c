/** Computes how many identities the first samples reveal. */
import { batchCount, samplesIn } from '../counts/shards.ts';
import type { Staircases } from '../counts/staircase.ts';
import type { Frame } from '../counts/tally.ts';

export interface RevealPoint {
  /** The first so many samples. */
  readonly samples: number;
  /** Share of the members they revealed. */
  readonly members: number;
  /** Share of the compared controls. */
  readonly controls: number;
}

/** Logarithmically spaced: each point is about the same factor further on. */
const POINTS = 24;

/**
 * The share of identities above `threshold` after the first samples, exact because points stand at batch boundaries.
 *
 * @param members numbers of the identities that count as members; `controls` likewise. Neither may be empty.
 */
export function revealCurve(
  frame: Frame,
  stairs: Staircases,
  threshold: number,
  { members, controls }: { readonly members: readonly number[]; readonly controls: readonly number[] },
): readonly RevealPoint[] {
  const batches = batchCount(frame);
  const memberBatches = revealBatches(stairs, threshold, members);
  const controlBatches = revealBatches(stairs, threshold, controls);
  const boundaries = new Set(
    Array.from({ length: POINTS }, (_, i) => Math.round(batches ** (i / (POINTS - 1)))), // 1, ..., batches
  );
  return [...boundaries].map((boundary) => ({
    samples: samplesIn(frame, boundary),
    members: memberBatches.filter((batch) => batch < boundary).length / members.length,
    controls: controlBatches.filter((batch) => batch < boundary).length / controls.length,
  }));
}

/** The batch in which each identity first rose above the threshold, for those that did. */
function revealBatches(stairs: Staircases, threshold: number, identities: readonly number[]): readonly number[] {
  const out: number[] = [];
  for (const identity of identities) {
    for (let row = stairs.offset[identity]!; row < stairs.offset[identity + 1]!; row++) {
      if (stairs.similarity[row]! <= threshold) continue;
      out.push(stairs.batch[row]!);
      break;
    }
  }
  return out;
}
