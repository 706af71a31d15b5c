/** Probes one shard: generates, embeds and searches. */
import { batchRange } from '../audit/counts/shards.ts';
import { type Tally, timingOf } from '../audit/counts/tally.ts';
import { TallyBuilder } from '../audit/counts/tally-builder.ts';
import type { Gallery } from '../faces/gallery.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import type { GallerySearch } from '../faces/search.ts';
import type { RunTimes } from '../onnx/runtime.ts';
import type { ProbeRequest } from './compute.ts';
import type { SampleEmbedder } from './samples.ts';

/** What a search needs, opened. */
export interface OpenSearch {
  readonly recognizer: Recognizer;
  readonly gallery: Gallery;
  readonly search: GallerySearch;
  /** [faces] see GalleryProfile; left out where authentic samples are not counted. */
  readonly nearestMember?: Float32Array;
}

/**
 * Probes one shard, batch by batch of the global grid: one tally for each search. Memory does not depend on the number
 * of samples.
 */
export async function probeShard(
  { samples, seed, batch, shard, alignment }: Omit<ProbeRequest, 'searches' | 'sampleMs'>,
  { embedder, searches }: { readonly embedder: SampleEmbedder; readonly searches: readonly OpenSearch[] },
  times: RunTimes,
  onSamples: (done: number) => void,
): Promise<readonly Tally[]> {
  const grid = { samples, batch, seed };
  const recognizers = searches.map(({ recognizer }) => recognizer);
  const builders = searches.map(({ gallery: { layout }, nearestMember }) => {
    const frame = { ...grid, identities: layout.isMember.length, faces: layout.identityOf.length };
    return new TallyBuilder(frame, shard, layout, nearestMember);
  });
  times.clear();
  let done = 0;
  onSamples(done);
  for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
    const { first, count } = batchRange(grid, b);
    const { embeddings, faceFound } = await embedder.embed(seed + first, count, alignment, recognizers);
    for (const [i, builder] of builders.entries()) {
      const found = await searches[i]!.search.search(embeddings[i]!);
      builder.addBatch({
        batch: b,
        firstSeed: seed + first,
        rows: count,
        ...found,
        ...(faceFound ? { faceFound } : {}),
      });
    }
    done += count;
    onSamples(done);
  }
  // The first tally carries the time of all: a sample is generated once.
  builders[0]?.addTiming(timingOf(times));
  return builders.map((builder) => builder.finish());
}
