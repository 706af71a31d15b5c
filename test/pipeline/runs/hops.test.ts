import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { enrolMessage, planMessage } from '../../../shared/pipeline/base/messages.ts';
import { readPlan } from '../../../shared/pipeline/planning/plan/store.ts';
import { mostHops } from '../../../shared/pipeline/runs/hops.ts';
import { around } from '../../../shared/platform/around.ts';
import { tempDir } from '../../support/temp.ts';
import { makeProject, names, World } from '../../support/world.ts';

const SHARDS = 12;
const counted = z.object({ hops: z.int() });

async function audited(wrap: (context: Context) => Context = (same) => same): Promise<World> {
  const folder = tempDir();
  makeProject(folder, { shows: names('m', 8), settings: { shards: SHARDS } });
  const world = new World({ folder, wrap });
  onTestFinished(() => world.close());
  await world.land();
  await world.run();
  return world;
}

test('every message says how many led to it; the longest chain is every shard after the other', async () => {
  const world = await audited();
  const { id } = await world.audit();
  const [landed, ...others] = world.published;
  expect(landed?.message).not.toHaveProperty('hops');
  const hops = others.map(({ message }) => counted.parse(message).hops);
  // The last two tell of the end: one those outside, one whoever charges for it.
  expect(hops).toEqual(Array.from(hops, (_, i) => Math.min(i + 1, hops.length - 1)));
  expect(world.messages('probe')).toHaveLength(SHARDS);
  expect(world.messages('confirm').length).toBeGreaterThan(0);
  expect(Math.max(...hops)).toBeLessThan(mostHops(await readPlan(world.context, id)));
});

test.each([
  ['assemble', 'profile-0.safetensors'],
  ['merge', 'nomination.json'],
] as const)('%s, led to by itself for ever, ends the audit with a reason', async (step, result) => {
  const world = await audited((context) => ({
    ...context,
    objects: around(context.objects, {
      // Never seen by whoever has just written it, who would have it made again.
      head: async (go, key) => (key.endsWith(`/${result}`) ? undefined : go()),
    }),
  }));
  const { id, ...record } = await world.audit();
  expect(record).toMatchObject({ state: 'FAILED', error: { code: 'RUNAWAY', help: expect.stringMatching(/\.$/) } });
  expect(world.messages(step).length).toBeGreaterThan(1);
  const most = mostHops(await readPlan(world.context, id));
  // What landed, as many as may follow it, the one that was refused, and the three that tell of the end.
  expect(world.published).toHaveLength(1 + most + 1 + 3);
  expect(world.messages('finished')).toEqual([expect.objectContaining({ audit: id, state: 'FAILED' })]);
});

test('what comes from outside has led nowhere yet', () => {
  const audit = '0123456789abcdef0123456789abcdef';
  expect(enrolMessage.parse({ version: 1, audit, shard: 0 })).toMatchObject({ hops: 0, stage: 'enrol' });
  const bucket = { kind: 'storage#object', name: 'drop/a/b/checkpoints/c.onnx', generation: '1' };
  expect(planMessage.parse(bucket)).toMatchObject({ hops: 0 });
  expect(planMessage.safeParse({ version: 1, key: 'a', generation: '1', hops: -1 }).success).toBe(false);
});
