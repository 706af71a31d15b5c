/** Runs an audit of many empty shards on the emulators of Pub/Sub and Firestore. */
import { readFileSync } from 'node:fs';
import type { Firestore } from '@google-cloud/firestore';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { around } from '../../shared/platform/around.ts';
import type { Fields } from '../../shared/platform/ports.ts';
import { type Deployment, hasCloud, startCloud } from '../../test/support/cloud/deployment.ts';
import { putCheckpoint, putProject } from '../../test/support/cloud/project.ts';
import { stubCompute } from '../../test/support/cloud/stub-compute.ts';
import { meetsTarget, type Row, type Skipped } from './benchmark.ts';
import { emulatorFloor } from './orchestration-emulators.ts';

const WINDOW = 16;
const PATIENCE_MS = 300_000;
/** Seldom: whoever looks takes time from what is looked at. */
const LOOK_MS = 1000;

/** An audit of `shards` shards on the emulators of Pub/Sub and Firestore: delivered by push, over HTTP. */
export async function cloudShards(shards: number, note: (text: string) => void): Promise<(Row | Skipped)[]> {
  if (!hasCloud()) return [{ name: 'orchestration', skipped: 'no emulators (Java and the Google Cloud SDK)' }];
  const cloud = await startCloud();
  try {
    // Before and after: the least disturbed one counts.
    const floors = [await emulatorFloor(shards, WINDOW)];
    const meter = new Meter();
    const compute = stubCompute((path) => readFileSync(path));
    const deployment = await cloud.deploy({
      window: WINDOW,
      instances: WINDOW,
      compute,
      around: (world) => meter.watch(world),
    });
    let seconds: number;
    try {
      seconds = await audit(shards, deployment, meter, note);
    } finally {
      await deployment.stop();
    }
    floors.push(await emulatorFloor(shards, WINDOW));
    const deliveries = deployment.log.filter(({ event }) => event === 'message.handled').length;
    return rows(shards, meter, { seconds, deliveries, floorSeconds: Math.min(...floors) });
  } finally {
    await cloud.stop();
  }
}

/** Seconds from the first shard to the last one, of an audit that is taken to its end. */
async function audit(
  shards: number,
  { context, firestore }: Deployment,
  meter: Meter,
  note: (text: string) => void,
): Promise<number> {
  await putProject(context.objects, { samples: shards, batch: 1, shards, fresh: 1 });
  await putCheckpoint(context.objects);
  const end = Date.now() + PATIENCE_MS;
  let told = 0;
  while (!(await isDone(firestore))) {
    if (Date.now() > end) throw new Error('the audit does not end');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const tenth = Math.floor((10 * meter.messages(TOPICS.probe)) / shards);
    if (tenth > told) note(`orchestration: ${tenth * 10}% of ${shards} shards on the emulators`);
    told = tenth;
  }
  if (meter.messages(TOPICS.merge) !== 1) throw new Error(`${meter.messages(TOPICS.merge)} merges`);
  return (meter.lastProbe - meter.firstProbe) / 1000;
}

interface Times {
  readonly seconds: number;
  readonly floorSeconds: number;
  readonly deliveries: number;
}

function rows(shards: number, meter: Meter, { seconds, floorSeconds, deliveries }: Times): Row[] {
  const published = [...meter.published.values()].reduce((sum, n) => sum + n, 0);
  const writes = [...meter.writes.values()].reduce((sum, times) => sum + times.length, 0);
  const hottest = Math.max(...[...meter.writes.values()].map(sustained));
  const row = (what: string, ratio: number, target: Row['target'], parts: Row['parts']): Row => ({
    name: 'orchestration',
    what: `${what}; ${shards.toLocaleString('en')} shards on the emulators`,
    ratio,
    target,
    parts,
  });
  return [
    row('shards a second', shards / seconds, { least: 50 }, { seconds, deliveries }),
    row(
      'time / that of one push, one created document and one message a shard, and nothing else',
      seconds / floorSeconds,
      { most: 4 },
      { seconds, floorSeconds },
    ),
    counted(row('Firestore writes a shard', writes / shards, { most: 2 }, { writes, reads: meter.reads })),
    counted(
      row('messages a shard', published / shards, { most: 3 }, { published, ...Object.fromEntries(meter.published) }),
    ),
    counted(
      row('writes a second of the most written document', hottest, { most: 1 }, { documents: meter.writes.size }),
    ),
  ];
}

/** A count is the same on every machine: one that misses its target is a defect, not a slow day. */
function counted(row: Row): Row {
  if (!meetsTarget(row)) throw new Error(`${row.what}: ${row.ratio}`);
  return row;
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

  messages(topic: string): number {
    return this.published.get(topic) ?? 0;
  }

  watch(world: Context): Context {
    const { records, events } = world;
    const write = (path: string) => void this.writes.set(path, [...(this.writes.get(path) ?? []), performance.now()]);
    return {
      ...world,
      records: around(records, {
        create: async (go, path) => {
          const created = await go();
          if (created) write(path);
          return created;
        },
        replace: (go, path) => {
          write(path);
          return go();
        },
        delete: (go, path) => {
          write(path);
          return go();
        },
        get: (go) => {
          this.reads++;
          return go();
        },
      }),
      events: around(events, {
        publish: (go, topic) => {
          this.published.set(topic, this.messages(topic) + 1);
          if (topic === TOPICS.probe) this.firstProbe ||= performance.now();
          if (topic === TOPICS.merge) this.lastProbe = performance.now();
          return go();
        },
      }),
    };
  }
}

/** Over ten seconds: bursts are allowed, more than one write a second for long is not. */
function sustained(times: readonly number[]): number {
  const span = 10_000;
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + span).length)) / 10;
}
