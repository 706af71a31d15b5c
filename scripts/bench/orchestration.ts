/** Measures what it costs to take shards through the pipeline when the shards themselves cost nothing. */
import type { Benchmark } from './benchmark.ts';
import { cloudShards } from './orchestration-cloud.ts';
import { localShards } from './orchestration-local.ts';

/**
 * What it costs to take shards through the pipeline when the shards themselves cost nothing: every message comes twice
 * and in another order, and the engine answers at once. These are rates against a floor, not ratios of two runs.
 */
export const orchestration: Benchmark = {
  name: 'orchestration',
  async run({ quick, folder, note }) {
    const local = await localShards(quick ? 2000 : 10_000, folder);
    const cloud = await cloudShards(quick ? 200 : 1000, note);
    return [...local, ...cloud];
  },
};
