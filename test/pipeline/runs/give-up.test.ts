import { expect, onTestFinished, test } from 'vitest';
import { RewoundError } from '../../../shared/errors.ts';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { keys } from '../../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { probe } from '../../../shared/pipeline/steps/probe.ts';
import { sweep } from '../../../shared/pipeline/steps/sweep.ts';
import { around } from '../../../shared/platform/around.ts';
import { stubCompute } from '../../support/stub-compute.ts';
import { tempDir } from '../../support/temp.ts';
import { makeProject, names, World, type WorldOptions } from '../../support/world.ts';

/* What has been done is done, even if somebody else failed at it. */

const MESSAGE = { version: 1, hops: 3, stage: 'probe', shard: 1 } as const;

/** An audit of four shards whose third is never asked for, until the world goes on. */
async function halfway(options: Partial<WorldOptions> = {}) {
  const folder = tempDir();
  makeProject(folder, { shows: names('m', 8), settings: { shards: 4 } });
  const still = { stands: true };
  const wrap = (context: Context): Context => ({
    ...context,
    events: around(context.events, {
      publish: async (go, topic, message) => {
        if (still.stands && topic === TOPICS.probe && JSON.stringify(message).includes('"shard":2')) return;
        await go();
      },
    }),
  });
  const world = new World({ folder, wrap, ...options });
  onTestFinished(() => world.close());
  await world.land();
  await world.run();
  const { id, state } = await world.audit();
  expect(state).toBe('PROBING');
  const goOn = () => {
    still.stands = false;
  };
  return { world, audit: id, goOn };
}

test('a dead letter of a shard that was done by another delivery ends nothing', async () => {
  const { world, audit } = await halfway();
  await world.context.events.publish(TOPICS.deadletter, { ...MESSAGE, audit });
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'PROBING', error: null });
  // The shard of the other stage has the same number.
  await world.context.events.publish(TOPICS.deadletter, { ...MESSAGE, audit, stage: 'enrol' });
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'PROBING', error: null });
});

test.each([
  ['that nobody did', { ...MESSAGE, shard: 3 }],
  ['that does not say of which stage it is', { version: 1, shard: 1 }],
])('a dead letter of a shard %s ends the audit', async (_, message) => {
  const { world, audit } = await halfway();
  await world.context.events.publish(TOPICS.deadletter, { ...message, audit });
  await world.run();
  expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' } });
});

test('a shard that fails for good after another delivery of it was done changes nothing', async () => {
  const real = stubCompute();
  let other: (() => Promise<void>) | undefined;
  const compute = stubCompute({
    probe: async (request) => {
      const first = other;
      other = undefined;
      if (!first) return real.probe(request);
      // The delivery that came second is done before this one runs out of memory.
      await first();
      throw new RewoundError('ENGINE_MEMORY', 'too much', { help: '' });
    },
  });
  const { world, audit } = await halfway({ compute });
  const message = { ...MESSAGE, audit, shard: 2 };
  other = () => probe(world.context, message);
  await probe(world.context, message);
  expect(await world.audit()).toMatchObject({ state: 'PROBING', error: null });
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
});

test('an audit whose plan cannot be read ends with a reason, and keeps the sweep from no other', async () => {
  const { world, audit } = await halfway();
  await world.context.objects.put(keys.plan(audit), Buffer.from('{'));
  const other = 'f'.repeat(32);
  await world.context.records.create(`open-audits/${other}`, { at: 0 });
  expect(await sweep(world.context, 0)).toBe(2);
  expect(await world.audit()).toMatchObject({ state: 'FAILED', error: { code: 'RESULT_DAMAGED' } });
  expect(await world.context.records.count('open-audits')).toBe(0);
});

test('an audit that cannot be mended now keeps the sweep from no other, and comes again', async () => {
  const busy = `audits/${'0'.repeat(32)}`;
  const { world, goOn } = await halfway();
  const { records } = world.context;
  await records.create(`open-${busy}`, { at: 0 });
  const context: Context = {
    ...world.context,
    records: around(records, {
      get: async (go, path) => {
        if (path === busy) throw new RewoundError('STORAGE_LOCKED', 'busy', { help: '', transient: true });
        return go();
      },
    }),
  };
  const before = world.messages('probe').length;
  goOn();
  await expect(sweep(context, 0)).rejects.toThrow('busy');
  expect(world.messages('probe').length).toBe(before + 1);
  await world.run();
  expect((await world.audit()).state).toBe('DONE');
});
