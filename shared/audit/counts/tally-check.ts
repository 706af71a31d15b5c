/** Checks that a tally from outside obeys the rules that the arithmetic relies on. */
import { BINS } from '../numbers/bins.ts';
import { batchCount, samplesIn } from './shards.ts';
import type { Frame, ShardCounts, Tally } from './tally.ts';

/**
 * Whether a tally that came from outside obeys every rule the arithmetic relies on.
 *
 * @throws RangeError with the rule that is broken.
 */
export function checkTally({ frame, shards, stairs }: Tally): void {
  const batches = batchCount(frame);
  must(frame.seed + frame.samples <= 2 ** 32, 'Seeds fit 32 bits.');
  let next = 0;
  for (const shard of shards) {
    must(shard.firstBatch >= next && shard.batches >= 1, 'Shards are ordered and do not overlap.');
    next = shard.firstBatch + shard.batches;
    checkShard(frame, shard);
  }
  must(next <= batches, 'Shards lie on the grid.');

  const { offset, batch, seed, face, similarity } = stairs;
  const rows = batch.length;
  must(
    [seed, face, similarity].every((column) => column.length === rows),
    'Staircase columns are equally long.',
  );
  must(offset.length === frame.identities + 1 && offset[0] === 0 && offset.at(-1) === rows, 'Offsets fit.');
  for (let i = 0; i < frame.identities; i++) {
    const start = offset[i]!;
    const end = offset[i + 1]!;
    must(start <= end && end <= rows, 'Offsets rise.');
    for (let row = start; row < end; row++) {
      const s = similarity[row]!;
      must(s >= -1 && s <= 1 && face[row]! < frame.faces && batch[row]! < batches, 'Staircase values are in range.');
      must(Math.floor((seed[row]! - frame.seed) / frame.batch) === batch[row], 'A seed belongs to its batch.');
      must(row === start || (s > similarity[row - 1]! && batch[row]! > batch[row - 1]!), 'Staircases rise.');
    }
  }
}

function checkShard(frame: Frame, shard: ShardCounts): void {
  const { firstBatch, batches, samples, undetected, authentic, timing, best, hits } = shard;
  const expected = samplesIn(frame, firstBatch + batches) - samplesIn(frame, firstBatch);
  must(samples === expected && undetected <= samples, 'A shard has the samples of its batches.');
  must(authentic === null || authentic <= samples - undetected, 'Authentic samples have a face.');
  must(
    Object.values(timing).every((ms) => ms >= 0 && ms < Infinity),
    'Times are not negative.',
  );
  checkRows(best.member, best.bin, best.count, 2);
  checkRows(hits.identity, hits.bin, hits.count, frame.identities);
}

function checkRows(key: Uint8Array | Uint32Array, bin: Uint16Array, count: Uint32Array, keys: number): void {
  for (let row = 0; row < bin.length; row++) {
    must(key[row]! < keys && bin[row]! < BINS && count[row]! > 0, 'Counts are in range.');
    must(
      row === 0 || key[row]! > key[row - 1]! || (key[row] === key[row - 1] && bin[row]! > bin[row - 1]!),
      'Counts are ordered.',
    );
  }
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new RangeError(`Broken rule: ${rule}`);
}
