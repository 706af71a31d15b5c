import { BINS } from './bins.ts';
import { batchCount, samplesIn } from './shards.ts';
import type { Frame, ShardCounts, Tally } from './tally.ts';

/**
 * Whether a tally that came from outside obeys every rule the arithmetic relies on.
 *
 * @throws RangeError with the rule that is broken.
 */
export function checkTally({ frame, shards, stairs }: Tally): void {
  const batches = batchCount(frame);
  require(frame.seed + frame.samples <= 2 ** 32, 'Seeds fit 32 bits.');
  let next = 0;
  for (const shard of shards) {
    require(shard.firstBatch >= next && shard.batches >= 1, 'Shards are ordered and do not overlap.');
    next = shard.firstBatch + shard.batches;
    checkShard(frame, shard);
  }
  require(next <= batches, 'Shards lie on the grid.');

  const { offset, batch, seed, face, similarity } = stairs;
  const rows = batch.length;
  require([seed, face, similarity].every((column) => column.length === rows), 'Staircase columns are equally long.');
  require(offset.length === frame.identities + 1 && offset[0] === 0 && offset.at(-1) === rows, 'Offsets fit.');
  for (let i = 0; i < frame.identities; i++) {
    const start = offset[i]!;
    const end = offset[i + 1]!;
    require(start <= end && end <= rows, 'Offsets rise.');
    for (let row = start; row < end; row++) {
      const s = similarity[row]!;
      require(s >= -1 && s <= 1 && face[row]! < frame.faces && batch[row]! < batches, 'Staircase values are in range.');
      require(Math.floor((seed[row]! - frame.seed) / frame.batch) === batch[row], 'A seed belongs to its batch.');
      require(row === start || (s > similarity[row - 1]! && batch[row]! > batch[row - 1]!), 'Staircases rise.');
    }
  }
}

function checkShard(frame: Frame, { firstBatch, batches, samples, undetected, timing, best, hits }: ShardCounts): void {
  const expected = samplesIn(frame, firstBatch + batches) - samplesIn(frame, firstBatch);
  require(samples === expected && undetected <= samples, 'A shard has the samples of its batches.');
  require(Object.values(timing).every((ms) => ms >= 0 && ms < Infinity), 'Times are not negative.');
  checkRows(best.member, best.bin, best.count, 2);
  checkRows(hits.identity, hits.bin, hits.count, frame.identities);
}

function checkRows(key: Uint8Array | Uint32Array, bin: Uint16Array, count: Uint32Array, keys: number): void {
  for (let row = 0; row < bin.length; row++) {
    require(key[row]! < keys && bin[row]! < BINS && count[row]! > 0, 'Counts are in range.');
    require(row === 0 ||
      key[row]! > key[row - 1]! ||
      (key[row] === key[row - 1] && bin[row]! > bin[row - 1]!), 'Counts are ordered.');
  }
}

function require(holds: boolean, rule: string): void {
  if (!holds) throw new RangeError(`Broken rule: ${rule}`);
}
