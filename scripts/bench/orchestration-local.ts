/** Runs an audit of many empty shards in a folder and SQLite. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { handlersIn } from '../../functions/bootstrap.ts';
import { functions } from '../../functions/index.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { recordPaths } from '../../shared/pipeline/base/record-paths.ts';
import { readAudit } from '../../shared/pipeline/runs/run.ts';
import { deliverUntilIdle } from '../../shared/platform/local/delivery.ts';
import { type LocalPlatform, openLocal } from '../../shared/platform/local/index.ts';
import type { Json } from '../../shared/platform/ports.ts';
import { putCheckpoint, putProject } from '../../test/support/cloud/project.ts';
import { stubCompute } from '../../test/support/cloud/stub-compute.ts';
import type { Row } from './benchmark.ts';
import { type DiskFloor, diskFloor } from './orchestration-disk.ts';

/** Chains of shards, and handlers that work on them at the same time. */
const WINDOW = 32;
/** Messages are delayed by up to this, which is what puts them out of order. */
const DELAY_MS = 20;
const COPIES = 2;
/** How often the memory is looked at. */
const LOOKS = 10;

/** An audit of `shards` shards in one process, in a folder and SQLite, and what its writes alone take. */
export async function localShards(shards: number, folder: string): Promise<Row[]> {
  // Before and after: the least disturbed one counts.
  const floors = [await diskFloor(shards, WINDOW, folder)];
  const platform = openLocal({ folder });
  try {
    const run = await audit(shards, platform);
    floors.push(await diskFloor(shards, WINDOW, folder));
    return rows(
      shards,
      run,
      floors.reduce((a, b) => (a.seconds <= b.seconds ? a : b)),
    );
  } finally {
    platform.close();
  }
}

interface Memory {
  readonly shards: number;
  readonly heap: number;
  readonly resident: number;
}

interface Run {
  /** From the first message to the last shard, without looking at the memory. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** From the last shard to the report. */
  readonly mergeSeconds: number;
  readonly deliveries: number;
  readonly published: number;
  readonly memory: readonly Memory[];
}

async function audit(shards: number, platform: LocalPlatform): Promise<Run> {
  const { objects, records, clock, queue } = platform;
  const random = new RandomState(1);
  const published = new Map<string, number>();
  const memory: Memory[] = [];
  let lookingMs = 0;
  const events = {
    async publish(topic: string, message: Json) {
      const count = (published.get(topic) ?? 0) + 1;
      published.set(topic, count);
      if (topic === TOPICS.probe && count % Math.ceil(shards / LOOKS) === 0) {
        const start = performance.now();
        memory.push(inUse(count));
        lookingMs += performance.now() - start;
      }
      const copies = Array.from({ length: COPIES }, () =>
        queue.publish(topic, message, { delayMs: random.double() * DELAY_MS }),
      );
      await Promise.all(copies);
    },
  };
  // The engine has the gallery in memory too.
  const files = new Map<string, Uint8Array>();
  const compute = stubCompute((path) => {
    const bytes = files.get(path) ?? readFileSync(path);
    files.set(path, bytes);
    return bytes;
  });
  const context: Context = { objects, records, events, clock, compute, device: 'cpu', window: WINDOW };
  await putProject(objects, { samples: shards, batch: 1, shards, fresh: 1 });
  const message = await putCheckpoint(objects);

  let deliveries = 0;
  let merging: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  const handlers = handlersIn(functions, context);
  const count = (topic: string, before: () => void) => {
    const handler = handlers.get(topic);
    if (!handler) throw new Error(`nobody handles ${topic}`);
    handlers.set(topic, (event) => {
      before();
      return handler(event);
    });
  };
  count(TOPICS.probe, () => void deliveries++);
  count(TOPICS.merge, () => {
    merging ??= { at: performance.now(), cpu: process.cpuUsage(cpu) };
  });
  const cpu = process.cpuUsage();
  const start = performance.now();
  await queue.publish(TOPICS.plan, message);
  await deliverUntilIdle({ queue, clock, handlers, concurrency: { [TOPICS.probe]: WINDOW } });
  const end = performance.now();

  const id = await onlyAudit(context);
  const state = (await readAudit(context, id))?.state;
  const done = await records.count(recordPaths.done(id, 'probe'));
  const merges = published.get(TOPICS.merge);
  if (!merging || state !== 'DONE' || done !== shards || merges !== 1 || deliveries < COPIES * shards) {
    throw new Error(`${state}: ${done} of ${shards} shards, ${deliveries} deliveries, ${merges} merges`);
  }
  return {
    seconds: (merging.at - start - lookingMs) / 1000,
    cpuSeconds: (merging.cpu.user + merging.cpu.system) / 1e6,
    mergeSeconds: (end - merging.at) / 1000,
    deliveries,
    published: [...published.values()].reduce((sum, n) => sum + n, 0),
    memory,
  };
}

function rows(shards: number, { memory, published, ...run }: Run, floor: DiskFloor): Row[] {
  const { seconds } = run;
  const what = `${shards.toLocaleString('en')} shards, every message twice and shuffled`;
  const [first, last] = [memory[0], memory.at(-1)];
  if (!first || !last) throw new Error('no memory was looked at');
  const looks = memory.flatMap(({ shards: at, heap, resident }) => [
    [`heap MiB at ${at}`, heap / 2 ** 20],
    [`resident MiB at ${at}`, resident / 2 ** 20],
  ]);
  return [
    {
      name: 'orchestration',
      what: `shards a second on one machine; ${what}`,
      ratio: shards / seconds,
      target: { least: 1000 },
      parts: { ...run, messagesPerShard: published / shards, mergesPublished: 1 },
    },
    {
      name: 'orchestration',
      what: 'time / that of one synced file and one synced commit of SQLite a shard, and nothing else',
      ratio: seconds / floor.seconds,
      target: { most: 3 },
      parts: { seconds, floorSeconds: floor.seconds, floorCreatingSeconds: floor.creatingSeconds },
    },
    {
      name: 'orchestration',
      what: `memory in use after ${last.shards.toLocaleString('en')} shards / after ${first.shards.toLocaleString('en')}`,
      ratio: last.heap / first.heap,
      target: { most: 1.1 },
      parts: Object.fromEntries(looks),
    },
  ];
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** What is still in use once the garbage is gone, and what the process holds. */
function inUse(shards: number): Memory {
  if (typeof collect !== 'function') throw new Error('the garbage cannot be collected');
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { shards, heap: heapUsed + external, resident: rss };
}

async function onlyAudit({ records }: Context): Promise<string> {
  for await (const { path } of records.list('audits')) return path.slice(path.indexOf('/') + 1);
  throw new Error('there is no audit');
}
