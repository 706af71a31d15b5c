import { readFileSync } from 'node:fs';
import type { Firestore } from '@google-cloud/firestore';
import type { Context } from '../../shared/pipeline/context.ts';
import { TOPICS } from '../../shared/pipeline/messages.ts';
import type { Fields, Json } from '../../shared/platform/ports.ts';
import { type Deployment, hasCloud, startCloud } from '../../test/support/cloud/deployment.ts';
import { putCheckpoint, putProject } from '../../test/support/cloud/project.ts';
import { stubCompute } from '../../test/support/cloud/stub-compute.ts';
import type { Row, Skipped } from './benchmark.ts';

const WINDOW = 16;
const PATIENCE_MS = 300_000;

/** An audit of `shards` shards on the emulators of Pub/Sub and Firestore: delivered by push, over HTTP. */
export async function cloudShards(shards: number, note: (text: string) => void): Promise<(Row | Skipped)[]> {
  if (!hasCloud()) return [{ name: 'orchestration', skipped: 'no emulators (Java and the Google Cloud SDK)' }];
  const cloud = await startCloud();
  try {
    const meter = new Meter();
    const compute = stubCompute((path) => readFileSync(path));
    const around = (world: Context) => meter.around(world);
    const deployment = await cloud.deploy({ window: WINDOW, instances: WINDOW, compute, around });
    try {
      return await measure(shards, deployment, meter, note);
    } finally {
      await deployment.stop();
    }
  } finally {
    await cloud.stop();
  }
}

async function measure(
  shards: number,
  { context, firestore, log }: Deployment,
  meter: Meter,
  note: (text: string) => void,
): Promise<Row[]> {
  await putProject(context.objects, { samples: shards, batch: 1, shards });
  await putCheckpoint(context.objects);
  const end = Date.now() + PATIENCE_MS;
  while (!(await isDone(firestore))) {
    if (Date.now() > end) throw new Error('the audit does not end');
    await new Promise((resolve) => setTimeout(resolve, 500));
    note(`orchestration: ${meter.published.get(TOPICS.probe) ?? 0} of ${shards} shards`);
  }
  const seconds = (meter.lastProbe - meter.firstProbe) / 1000;
  const deliveries = log.filter(({ event }) => event === 'message.handled').length;
  const published = [...meter.published.values()].reduce((sum, n) => sum + n, 0);
  const hottest = Math.max(...[...meter.writes.values()].map(sustained));
  const writes = [...meter.writes.values()].reduce((sum, times) => sum + times.length, 0);
  const row = (what: string, ratio: number, target: Row['target'], parts: Row['parts']): Row => ({
    name: 'orchestration',
    what: `${what}; ${shards.toLocaleString('en')} shards on the emulators`,
    ratio,
    target,
    parts,
  });
  return [
    row('shards a second', shards / seconds, { least: 50 }, { seconds, deliveries }),
    row('Firestore writes a shard', writes / shards, { most: 2 }, { writes, reads: meter.reads }),
    row('messages a shard', published / shards, { most: 3 }, { published, ...Object.fromEntries(meter.published) }),
    row('writes a second of the most written document', hottest, { most: 1 }, { documents: meter.writes.size }),
  ];
}

async function isDone(firestore: Firestore): Promise<boolean> {
  const audits = await firestore.collection('audits').get();
  return audits.docs.some((one) => (one.get('fields') as Fields | undefined)?.state === 'DONE');
}

/** Counts what the functions ask of the platform. */
class Meter {
  readonly published = new Map<string, number>();
  /** When each document was written. */
  readonly writes = new Map<string, number[]>();
  reads = 0;
  firstProbe = 0;
  lastProbe = 0;

  around(world: Context): Context {
    const { records, events } = world;
    const write = (path: string) => void this.writes.set(path, [...(this.writes.get(path) ?? []), performance.now()]);
    return {
      ...world,
      records: {
        ...records,
        create: async (path: string, fields: Fields) => {
          const created = await records.create(path, fields);
          if (created) write(path);
          return created;
        },
        replace: async (path: string, fields: Fields, version: string) => {
          write(path);
          return records.replace(path, fields, version);
        },
        delete: async (path: string) => {
          write(path);
          return records.delete(path);
        },
        get: async (path: string) => {
          this.reads++;
          return records.get(path);
        },
      },
      events: {
        publish: async (topic: string, message: Json) => {
          this.published.set(topic, (this.published.get(topic) ?? 0) + 1);
          if (topic === TOPICS.probe) this.firstProbe ||= performance.now();
          if (topic === TOPICS.merge) this.lastProbe = performance.now();
          return events.publish(topic, message);
        },
      },
    };
  }
}

/** Over ten seconds: bursts are allowed, more than one write a second for long is not. */
function sustained(times: readonly number[]): number {
  const span = 10_000;
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + span).length)) / 10;
}
