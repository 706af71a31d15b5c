import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { functions } from '../../functions/index.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { toEvent } from '../../shared/platform/event.ts';
import { openGoogle } from '../../shared/platform/google/index.ts';
import type { Json } from '../../shared/platform/ports.ts';
import { memoryRecords } from '../support/cloud/memory.ts';
import { putCheckpoint, putProject } from '../support/cloud/project.ts';
import { stubCompute } from '../support/cloud/stub-compute.ts';
import { type StorageServer, startStorage } from '../support/emulators/storage/server.ts';
import { tempDir } from '../support/temp.ts';

/* What the functions ask of Cloud Storage, on one instance: a count, which is the same on every machine. */

const SHARDS = 12;
const shardMessage = z.object({ shard: z.int() });

let server: StorageServer;
beforeAll(async () => {
  server = await startStorage();
  process.env.STORAGE_EMULATOR_HOST = server.origin;
});
afterAll(() => server.close());

interface Delivery {
  readonly topic: string;
  readonly message: Json;
  /** Requests to storage while it was handled, without the bucket and the audit's name. */
  readonly requests: readonly string[];
}

/** Takes an audit to its end on a single instance, one message after the other. */
async function audit(): Promise<readonly Delivery[]> {
  const { objects, close } = openGoogle({
    project: 'p',
    bucket: 'requests',
    topicPrefix: 'x-',
    cacheFolder: tempDir(),
  });
  onTestFinished(() => close());
  const waiting: { topic: string; message: Json }[] = [];
  let now = Date.UTC(2026, 0, 1);
  const world: Context = {
    objects,
    records: memoryRecords(),
    events: { publish: async (topic, message) => void waiting.push({ topic, message }) },
    clock: { now: () => now++ },
    compute: stubCompute((path) => readFileSync(path)),
    device: 'cpu',
    window: 2,
  };
  await putProject(objects, { samples: 16 * SHARDS, batch: 16, shards: SHARDS, fresh: 32 });
  waiting.push({ topic: TOPICS.plan, message: await putCheckpoint(objects) });
  const deliveries: Delivery[] = [];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const before = server.requests.length;
    await functions.get(next.topic)?.(world, toEvent({ ...next, id: 'm', publishedAt: now }));
    const requests = server.requests.slice(before).map((one) => decodeURIComponent(one).replace(/[0-9a-f]{32}/g, 'ID'));
    deliveries.push({ ...next, requests });
  }
  return deliveries;
}

test('a shard of samples after the first asks storage twice: whether its result exists, and to write it', async () => {
  const probes = (await audit()).filter(({ topic }) => topic === TOPICS.probe);
  expect(probes).toHaveLength(SHARDS);
  const [first, ...others] = probes;
  // The plan and the files of the shard are read once: a description each, and what is not in the cache yet.
  expect(first!.requests).toContain('GET /b/requests/o/work/ID/plan.json');
  expect(first!.requests.length).toBeGreaterThan(2);
  for (const { message, requests } of others) {
    const { shard } = shardMessage.parse(message);
    expect(requests).toEqual([
      `GET /b/requests/o/work/ID/probe/${shard}-0.safetensors`,
      'POST /upload/storage/v1/b/requests/o',
    ]);
  }
});
