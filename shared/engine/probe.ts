import { batchRange } from '../audit/shards.ts';
import type { Tally, Timing } from '../audit/tally.ts';
import { TallyBuilder } from '../audit/tally-builder.ts';
import type { Gallery } from '../faces/gallery.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import type { GallerySearch } from '../faces/search.ts';
import type { RunTimes } from '../onnx/runtime.ts';
import type { ProbeRequest } from './compute.ts';
import type { SampleEmbedder } from './samples.ts';

/** Probes one shard, batch by batch of the global grid. Memory does not depend on the number of samples. */
export async function probeShard(
  { samples, seed, batch, shard, alignment }: ProbeRequest,
  {
    embedder,
    recognizer,
    gallery,
    search,
  }: {
    readonly embedder: SampleEmbedder;
    readonly recognizer: Recognizer;
    readonly gallery: Gallery;
    readonly search: GallerySearch;
  },
  times: RunTimes,
  onSamples: (done: number) => void,
): Promise<Tally> {
  const { layout } = gallery;
  const frame = {
    samples,
    batch,
    seed,
    identities: layout.isMember.length,
    faces: layout.identityOf.length,
  };
  const builder = new TallyBuilder(frame, shard, layout);
  times.clear();
  let done = 0;
  for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
    const { first, count } = batchRange(frame, b);
    const { embeddings, faceFound } = await embedder.embed(seed + first, count, alignment, recognizer);
    const found = await search.search(embeddings);
    builder.addBatch({ batch: b, firstSeed: seed + first, rows: count, ...found, ...(faceFound ? { faceFound } : {}) });
    done += count;
    onSamples(done);
  }
  builder.addTiming(timing(times));
  return builder.finish();
}

function timing(times: RunTimes): Timing {
  const of = (purpose: string) => Math.round(times.get(purpose) ?? 0);
  return { generate: of('generate'), align: of('align'), embed: of('embed'), search: of('search') };
}
