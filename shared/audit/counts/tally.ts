/** Merges the results of shards: commutative, associative and idempotent. */
import { RewoundError } from '../../errors.ts';
import { emptyStaircases, mergeStaircases, type Staircases } from './staircase.ts';

/** What an audit's tallies have in common; tallies of different frames cannot be merged. */
export interface Frame {
  /** Samples of the whole audit. */
  readonly samples: number;
  /** Samples a batch. */
  readonly batch: number;
  /** Seed of sample 0; sample i has seed + i. */
  readonly seed: number;
  readonly identities: number;
  readonly faces: number;
}

/** Milliseconds spent, by stage. Information only: no other byte of a result depends on it. */
export interface Timing {
  readonly generate: number;
  readonly align: number;
  readonly embed: number;
  readonly search: number;
}

/** What was measured of each stage, in whole milliseconds. */
export function timingOf(times: ReadonlyMap<string, number>): Timing {
  const of = (stage: keyof Timing) => Math.round(times.get(stage) ?? 0);
  return { generate: of('generate'), align: of('align'), embed: of('embed'), search: of('search') };
}

/** What one shard counted. Counts add up, so each shard's are kept apart: a shard delivered twice is counted once. */
export interface ShardCounts {
  readonly firstBatch: number;
  readonly batches: number;
  readonly samples: number;
  /** Samples in which no face was found. */
  readonly undetected: number;
  /** Samples with a face that are authentic (see secondary.ts); null where that was not counted. */
  readonly authentic: number | null;
  readonly timing: Timing;
  /** SHA-256 (32 bytes) of everything the shard found, its timing left out: tells a repetition from a contradiction. */
  readonly digest: Uint8Array;
  readonly best: BestCounts;
  readonly hits: HitCounts;
}

/**
 * Histogram over samples of the best similarity to a member and to a control among the sample's k nearest faces, rows
 * ordered by side and bin. A side with no face among the k nearest is not counted for that sample.
 */
export interface BestCounts {
  /** [rows] 1 for members, 0 for controls. */
  readonly member: Uint8Array;
  /** [rows] see bins.ts */
  readonly bin: Uint16Array;
  readonly count: Uint32Array;
}

/**
 * How many samples matched an identity, by similarity: at most one match for each sample and identity, the best among
 * the sample's k nearest faces. Rows ordered by identity and bin.
 */
export interface HitCounts {
  /** [rows] */
  readonly identity: Uint32Array;
  /** [rows] see bins.ts */
  readonly bin: Uint16Array;
  readonly count: Uint32Array;
}

/** The result of probing a set of shards. Immutable. */
export interface Tally {
  readonly frame: Frame;
  /** Ordered by first batch; no two share a batch. */
  readonly shards: readonly ShardCounts[];
  readonly stairs: Staircases;
}

/**
 * The tally of no shard: merging it changes nothing.
 * @internal
 */
export function emptyTally(frame: Frame): Tally {
  return { frame, shards: [], stairs: emptyStaircases(frame.identities) };
}

/**
 * What both tallies know together. Commutative, associative and idempotent: any order, grouping or repetition of the
 * same shards gives the same tally, so messages may arrive late, twice or in disorder.
 *
 * @throws RESULT_INCOMPLETE if the tallies contradict each other: other settings, shards that overlap without being
 *   the same, or a shard with two contents.
 */
export function mergeTallies(a: Tally, b: Tally): Tally {
  if (!sameFrame(a.frame, b.frame)) throw contradiction('Two shard results belong to different audits.');
  const shards = mergeShards(a.shards, b.shards);
  return { frame: a.frame, shards, stairs: mergeStaircases(a.stairs, b.stairs) };
}

function mergeShards(a: readonly ShardCounts[], b: readonly ShardCounts[]): readonly ShardCounts[] {
  const merged: ShardCounts[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left && right && left.firstBatch === right.firstBatch) {
      merged.push(sameShard(left, right));
      i++;
      j++;
    } else if (left && (!right || left.firstBatch < right.firstBatch)) {
      merged.push(left);
      i++;
    } else if (right) {
      merged.push(right);
      j++;
    }
  }
  for (const [index, shard] of merged.entries()) {
    const next = merged[index + 1];
    if (next && next.firstBatch < shard.firstBatch + shard.batches) {
      throw contradiction('Two shard results overlap: the work was cut in two different ways.');
    }
  }
  return merged;
}

function sameShard(a: ShardCounts, b: ShardCounts): ShardCounts {
  if (a === b) return a;
  if (a.batches !== b.batches)
    throw contradiction('Two shard results overlap: the work was cut in two different ways.');
  if (!a.digest.every((byte, i) => byte === b.digest[i])) {
    throw contradiction(`Two results of the shard from batch ${a.firstBatch} on differ.`);
  }
  return { ...a, timing: longest(a.timing, b.timing) };
}

/** Two runs of a shard take different times; the maximum keeps merging commutative, associative and idempotent. */
function longest(a: Timing, b: Timing): Timing {
  return {
    generate: Math.max(a.generate, b.generate),
    align: Math.max(a.align, b.align),
    embed: Math.max(a.embed, b.embed),
    search: Math.max(a.search, b.search),
  };
}

function sameFrame(a: Frame, b: Frame): boolean {
  return (
    a.samples === b.samples &&
    a.batch === b.batch &&
    a.seed === b.seed &&
    a.identities === b.identities &&
    a.faces === b.faces
  );
}

function contradiction(message: string): RewoundError {
  return new RewoundError('RESULT_INCOMPLETE', message, {
    help: 'Start the audit again under a new name; if that does not help, please report it.',
  });
}
