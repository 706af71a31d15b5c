/** Merges the results of many shards in a process of its own. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { layOut } from '../../shared/audit/counts/roster.ts';
import { cutShards } from '../../shared/audit/counts/shards.ts';
import { TallyBuilder } from '../../shared/audit/counts/tally-builder.ts';
import { encodeTally } from '../../shared/audit/counts/tally-codec.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import type { Row } from './benchmark.ts';
import type { Merged, MergeOrder } from './merge-child.ts';

const execute = promisify(execFile);
const IDENTITIES = 20_000;
const BATCH = 64;
const BATCHES_PER_SHARD = 4;
const K = 10;

/** Merges results of shards in a process of its own, as the pipeline does. */
export async function mergeShards(
  shards: number,
  folder: string,
  note: (text: string) => void,
): Promise<readonly Row[]> {
  note(`writing ${shards} shard results ...`);
  const order: MergeOrder = { folder, samples: shards * BATCHES_PER_SHARD * BATCH, batch: BATCH, shards };
  await writeShards(order);
  const child = join(import.meta.dirname, 'merge-child.ts');
  const { stdout } = await execute(process.execPath, [child, JSON.stringify(order)]);
  const { seconds, wallS, peakBytes, rows } = JSON.parse(stdout) as Merged;
  const what = `${shards.toLocaleString('en')} shard results of ${IDENTITIES.toLocaleString('en')} people merged`;
  const parts = { seconds, wallS, peakBytes, rows };
  return [
    { name: 'merging, time', what: `seconds of a processor; ${what}`, ratio: seconds, target: { most: 10 }, parts },
    { name: 'merging, memory', what: `peak, in MB; ${what}`, ratio: peakBytes / 1e6, target: { most: 500 }, parts },
  ];
}

async function writeShards({ folder, samples, batch, shards }: MergeOrder): Promise<void> {
  const roster = Array.from({ length: IDENTITIES }, (_, i) => ({
    role: i % 2 === 0 ? ('members' as const) : ('controls' as const),
    photos: { length: 1 },
  }));
  const layout = layOut(roster);
  const frame = { samples, batch, seed: 0, identities: IDENTITIES, faces: IDENTITIES };
  const random = new RandomState(1);
  const nearestMember = new Float32Array(IDENTITIES).fill(0.5);
  for (const shard of cutShards(frame, shards)) {
    const builder = new TallyBuilder(frame, shard, layout, nearestMember);
    for (let b = shard.firstBatch; b < shard.firstBatch + shard.batches; b++) {
      const columnArg = Int32Array.from({ length: IDENTITIES }, (_, face) => (face + b) % batch);
      builder.addBatch({
        batch: b,
        firstSeed: b * batch,
        rows: batch,
        columnMax: Float32Array.from(columnArg, () => random.double()),
        columnArg,
        topValues: Float32Array.from({ length: batch * K }, () => random.double()),
        topFaces: Int32Array.from({ length: batch * K }, () => random.below(IDENTITIES)),
      });
    }
    const path = join(folder, keys.tally('merging', 'probe', shard.index, 0));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, encodeTally(builder.finish()));
  }
}
