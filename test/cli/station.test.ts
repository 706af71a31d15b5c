import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Station, type StationOptions } from '../../scripts/cli/station.ts';
import { RewoundError } from '../../shared/errors.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { auditOfUpload, readAudit, receiveAudit } from '../../shared/pipeline/runs/run.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { ObjectInfo } from '../../shared/platform/ports.ts';
import { demoPhoto, people } from '../support/demo.ts';
import { tempDir } from '../support/temp.ts';
import { slowGenerator } from '../support/tiny-generator.ts';

function open(folder: string, options: Partial<StationOptions> = {}): Station {
  const station = new Station({ folder, device: 'cpu', ...options });
  onTestFinished(() => station.close());
  return station;
}

/** Gives up the message of a shard of the audit "a". */
async function giveUp({ queue }: Pick<Station['platform'], 'queue'>): Promise<void> {
  await queue.publish(TOPICS.probe, { version: 1, audit: 'a', shard: 0 });
  const lease = queue.lease([TOPICS.probe], 1000)!;
  queue.nack({ ...lease, attempt: 100 }, new RewoundError('ENGINE_MEMORY', 'Too large.', { help: '' }));
  expect(queue.dead()).toHaveLength(1);
}

test('a message that is given up ends its audit with its own reason, once', async () => {
  const station = open(tempDir());
  const { context, platform } = station;
  await receiveAudit(context, 'a', 'key', '1');
  await giveUp(platform);
  await station.runUntilIdle(new AbortController().signal);
  expect(await readAudit(context, 'a')).toMatchObject({ state: 'FAILED', error: { code: 'ENGINE_MEMORY' } });
  expect(platform.queue.dead()).toEqual([]);
});

test('one that an earlier run gave up does not end the audit that is tried again', async () => {
  const folder = tempDir();
  const earlier = openLocal({ folder });
  await giveUp(earlier);
  earlier.close();
  const station = open(folder);
  await receiveAudit(station.context, 'a', 'key', '1');
  await station.runUntilIdle(new AbortController().signal);
  expect(await readAudit(station.context, 'a')).toMatchObject({ state: 'RECEIVED', error: null });
});

test("a tenant's model that hangs keeps no other tenant's audit waiting", async () => {
  const station = open(tempDir(), { shared: true });
  const { context } = station;
  const stop = new AbortController();
  /** A project with these bytes as its checkpoint; its audit is asked for. Returns the key. */
  const begin = async (tenant: string, bytes: Uint8Array) => {
    const project = `drop/${tenant}/p`;
    for (const role of ['members', 'controls'] as const) {
      for (const name of people(role, 0, 20)) {
        await context.objects.put(`${project}/${role}/${name}/0.jpg`, readFileSync(demoPhoto(name, 0)));
      }
    }
    const { key, generation } = await context.objects.put(`${project}/checkpoints/g.onnx`, bytes);
    await context.events.publish(TOPICS.plan, { version: 1, key, generation });
    return { key, generation };
  };
  const hanging = await begin('slow', slowGenerator());
  const stateOf = async ({ key, generation }: Pick<ObjectInfo, 'key' | 'generation'>) => {
    const audit = await auditOfUpload(context, key, generation);
    return audit && (await readAudit(context, audit))?.state;
  };
  const running = station.runUntilAborted(stop.signal);
  while ((await stateOf(hanging)) === undefined) await delay(20);
  const broken = await begin('quick', new TextEncoder().encode('no model'));
  while ((await stateOf(broken)) !== 'REJECTED') await delay(20);
  expect(await stateOf(hanging)).toBe('RECEIVED');
  stop.abort();
  await running;
});
