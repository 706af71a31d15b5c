import { readFileSync } from 'node:fs';
import { functions, useContext } from '../../functions/index.ts';
import { RandomState } from '../../shared/audit/random.ts';
import { readAudit } from '../../shared/pipeline/audits.ts';
import type { Context } from '../../shared/pipeline/context.ts';
import { TOPICS } from '../../shared/pipeline/messages.ts';
import { deliverUntilIdle } from '../../shared/platform/local/delivery.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Json } from '../../shared/platform/ports.ts';
import { putCheckpoint, putProject } from '../../test/support/cloud/project.ts';
import { stubCompute } from '../../test/support/cloud/stub-compute.ts';
import type { Row } from './benchmark.ts';

/** Chains of shards, and handlers that work on them at the same time. */
const WINDOW = 32;
/** Messages are delayed by up to this, which is what puts them out of order. */
const DELAY_MS = 20;
const COPIES = 2;

/** An audit of `shards` shards in one process, in a folder and SQLite. */
export async function localShards(shards: number, folder: string): Promise<Row[]> {
  const platform = openLocal({ folder });
  try {
    return await measure(shards, platform);
  } finally {
    platform.close();
  }
}

async function measure(shards: number, platform: ReturnType<typeof openLocal>): Promise<Row[]> {
  const { objects, records, clock, queue } = platform;
  const random = new RandomState(1);
  let merges = 0;
  let probes = 0;
  /** Bytes in use after each tenth of the shards. */
  const used: number[] = [];
  const events = {
    async publish(topic: string, message: Json) {
      if (topic === TOPICS.merge) merges++;
      if (topic === TOPICS.probe && probes++ % Math.ceil(shards / 10) === 0) used.push(bytesInUse());
      const copies = Array.from({ length: COPIES }, () =>
        queue.publish(topic, message, { delayMs: random.double() * DELAY_MS }),
      );
      await Promise.all(copies);
    },
  };
  const compute = stubCompute((path) => readFileSync(path));
  const context: Context = { objects, records, events, clock, compute, device: 'cpu', window: WINDOW };
  useContext(context);
  await putProject(objects, { samples: shards, batch: 1, shards });
  const message = await putCheckpoint(objects);
  const start = performance.now();
  const cpu = process.cpuUsage();
  let merging = 0;
  let spent: NodeJS.CpuUsage | undefined;
  await queue.publish(TOPICS.plan, message);
  const handlers = new Map(functions);
  handlers.set(TOPICS.merge, async (event) => {
    merging ||= performance.now();
    spent ??= process.cpuUsage(cpu);
    await functions.get(TOPICS.merge)?.(event);
  });
  await deliverUntilIdle({ queue, clock, handlers, concurrency: { [TOPICS.probe]: WINDOW } });
  const [audit] = await ids(context);
  const state = audit && (await readAudit(context, audit))?.state;
  if (state !== 'DONE') throw new Error(`the audit ended as ${state}`);
  const mergeSeconds = (performance.now() - merging) / 1000;
  const seconds = (merging - start) / 1000;
  const floorSeconds = await writesAlone(platform, shards);
  const [first = 1, ...rest] = used.slice(1);
  return [
    {
      name: 'orchestration',
      what: `shards a second on one machine; ${shards.toLocaleString('en')} shards, every message twice and shuffled`,
      ratio: shards / seconds,
      target: { least: 1000 },
      parts: {
        shards,
        seconds,
        // On a busy machine, or a slow disk, the time is not all ours.
        cpuSeconds: ((spent?.user ?? 0) + (spent?.system ?? 0)) / 1e6,
        mergeSeconds,
        messagesPerShard: probes / shards,
        mergesPublished: merges,
      },
    },
    {
      name: 'orchestration',
      what: 'the same / its durable writes alone: an object, a record and two messages a shard',
      ratio: seconds / floorSeconds,
      target: { most: 3 },
      parts: { seconds, floorSeconds },
    },
    {
      name: 'orchestration',
      what: 'memory after the last tenth of the shards / after the first',
      ratio: (rest.at(-1) ?? first) / first,
      target: { most: 1.3 },
      parts: Object.fromEntries([first, ...rest].map((bytes, i) => [`MiB ${i + 1}/10`, bytes / 2 ** 20])),
    },
  ];
}

/** Seconds that as many shards take if nothing is done but to write down that they are done. */
async function writesAlone({ objects, records, queue }: ReturnType<typeof openLocal>, shards: number): Promise<number> {
  const start = performance.now();
  const chains = Array.from({ length: WINDOW }, async (_, chain) => {
    for (let shard = chain; shard < shards; shard += WINDOW) {
      await objects.put(`floor/${shard}`, new Uint8Array(4096), { ifAbsent: true });
      await records.create(`floors/1/shards/${shard}`, { at: shard });
      await Promise.all([queue.publish('floor', { shard }), queue.publish('floor', { shard })]);
    }
  });
  await Promise.all(chains);
  return (performance.now() - start) / 1000;
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function ids({ records }: Context): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of records.list('audits')) found.push(path.slice(path.indexOf('/') + 1));
  return found;
}
