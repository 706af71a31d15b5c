/** Cuts samples into shards along the grid of batches. */
import { RewoundError } from '../../errors.ts';

/**
 * The global grid: sample i always sits in batch floor(i / batch), however the work is cut, so that the same samples
 * meet in the same batch, and give the same bits, in 1 shard or in 64.
 */
export interface Grid {
  /** Samples of the whole audit. */
  readonly samples: number;
  /** Samples a batch; the last batch may be short. */
  readonly batch: number;
}

/** A contiguous run of whole batches: what one function call probes. */
export interface Shard {
  readonly index: number;
  readonly firstBatch: number;
  readonly batches: number;
}

/** Number of batches. @throws USAGE unless both fields are whole numbers of at least 1. */
export function batchCount({ samples, batch }: Grid): number {
  if (Number.isSafeInteger(samples) && samples >= 1 && Number.isSafeInteger(batch) && batch >= 1) {
    return Math.ceil(samples / batch);
  }
  throw new RewoundError('USAGE', `${samples} samples in batches of ${batch} cannot be made.`, {
    help: 'Give whole numbers of at least 1.',
  });
}

/** The samples of batch `b`: `count` of them from sample index `first` on. */
export function batchRange(grid: Grid, b: number): { readonly first: number; readonly count: number } {
  if (!(Number.isInteger(b) && b >= 0 && b < batchCount(grid))) throw new RangeError(`There is no batch ${b}.`);
  const first = b * grid.batch;
  return { first, count: Math.min(grid.batch, grid.samples - first) };
}

/** Number of samples in the first `batches` batches. */
export function samplesIn(grid: Grid, batches: number): number {
  return Math.min(batches * grid.batch, grid.samples);
}

/**
 * Cuts the grid into `shards` shards, in order, whose sizes differ by at most one batch: fewer if there are fewer
 * batches, so that none is empty.
 *
 * @throws USAGE if `shards` is not a whole number of at least 1.
 */
export function cutShards(grid: Grid, shards: number): readonly Shard[] {
  if (!(Number.isSafeInteger(shards) && shards >= 1)) {
    throw new RewoundError('USAGE', `The work cannot be cut into ${shards} shards.`, {
      help: 'Give a whole number of at least 1.',
    });
  }
  const batches = batchCount(grid);
  const count = Math.min(shards, batches);
  // The first (batches mod count) shards are one batch longer.
  const start = (index: number) => index * Math.floor(batches / count) + Math.min(index, batches % count);
  return Array.from({ length: count }, (_, index) => ({
    index,
    firstBatch: start(index),
    batches: start(index + 1) - start(index),
  }));
}
