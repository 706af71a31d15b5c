/** Sums up what all shards counted. */
import { RewoundError } from '../../errors.ts';
import { BINS, binFloor } from '../numbers/bins.ts';
import { batchCount } from './shards.ts';
import type { Staircases } from './staircase.ts';
import type { Frame, HitCounts, Tally, Timing } from './tally.ts';

/** What the whole audit counted: the same however it was cut into shards. */
export interface Summary {
  readonly frame: Frame;
  readonly stairs: Staircases;
  /** Samples in which no face was found. */
  readonly undetected: number;
  /** Samples with a face that are authentic (see secondary.ts); null unless every shard has counted them. */
  readonly authentic: number | null;
  /** [2048] samples by the bin of their best similarity to a member among their k nearest faces. */
  readonly bestMember: Float64Array;
  /** [2048] the same for controls. */
  readonly bestControl: Float64Array;
  readonly hits: HitCounts;
}

/** @throws RESULT_INCOMPLETE unless every batch of the grid has been counted. */
export function summarise({ frame, shards, stairs }: Tally): Summary {
  const counted = shards.reduce((batches, shard) => batches + shard.batches, 0);
  const expected = batchCount(frame);
  if (counted !== expected) {
    throw new RewoundError('RESULT_INCOMPLETE', `Only ${counted} of ${expected} batches have been counted.`, {
      help: 'Wait until every shard is done, or start the same audit again: finished shards are kept.',
    });
  }
  const bestMember = new Float64Array(BINS);
  const bestControl = new Float64Array(BINS);
  for (const { best } of shards) {
    for (let row = 0; row < best.bin.length; row++) {
      (best.member[row] === 1 ? bestMember : bestControl)[best.bin[row]!]! += best.count[row]!;
    }
  }
  const undetected = shards.reduce((samples, shard) => samples + shard.undetected, 0);
  const authentic = shards.reduce<number | null>(
    (all, shard) => (all === null || shard.authentic === null ? null : all + shard.authentic),
    0,
  );
  return {
    frame,
    stairs,
    undetected,
    authentic,
    bestMember,
    bestControl,
    hits: addHits(shards.map(({ hits }) => hits)),
  };
}

/** Milliseconds over all shards. Not part of the summary, for no result may depend on it. */
export function totalTiming({ shards }: Tally): Timing {
  const total = (stage: keyof Timing) => shards.reduce((ms, { timing }) => ms + timing[stage], 0);
  return { generate: total('generate'), align: total('align'), embed: total('embed'), search: total('search') };
}

/** [identities] samples that matched each identity with a similarity in bin `firstBin` or above. */
export function hitsFrom({ frame, hits }: Summary, firstBin: number): Uint32Array {
  const out = new Uint32Array(frame.identities);
  for (let row = 0; row < hits.bin.length; row++) {
    if (hits.bin[row]! >= firstBin) out[hits.identity[row]!]! += hits.count[row]!;
  }
  return out;
}

/**
 * [identities] the similarity that at least `times` samples reached with each identity, as the upper edge of its bin; -1
 * where fewer did, counting those samples in which the identity is among the k nearest faces.
 */
export function reachedTimes({ frame, hits }: Summary, times: number): Float32Array {
  const out = new Float32Array(frame.identities).fill(-1);
  const counted = new Uint32Array(frame.identities);
  // Rows are ordered by identity, then by bin: from the end on, each identity's most similar samples come first.
  for (let row = hits.bin.length - 1; row >= 0; row--) {
    const identity = hits.identity[row]!;
    if (counted[identity]! >= times) continue;
    counted[identity]! += hits.count[row]!;
    if (counted[identity]! >= times) out[identity] = binFloor(hits.bin[row]! + 1);
  }
  return out;
}

function addHits(tables: readonly HitCounts[]): HitCounts {
  const counts = new Map<number, number>();
  for (const { identity, bin, count } of tables) {
    for (let row = 0; row < bin.length; row++) {
      const key = identity[row]! * BINS + bin[row]!;
      counts.set(key, (counts.get(key) ?? 0) + count[row]!);
    }
  }
  const keys = Float64Array.from(counts.keys()).sort();
  return {
    identity: Uint32Array.from(keys, (key) => Math.floor(key / BINS)),
    bin: Uint16Array.from(keys, (key) => key % BINS),
    count: Uint32Array.from(keys, (key) => counts.get(key)!),
  };
}
