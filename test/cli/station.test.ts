import { expect, onTestFinished, test } from 'vitest';
import { Station } from '../../scripts/cli/station.ts';
import { RewoundError } from '../../shared/errors.ts';
import { readAudit, receiveAudit } from '../../shared/pipeline/audits.ts';
import { TOPICS } from '../../shared/pipeline/messages.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import { tempDir } from '../support/temp.ts';

function open(folder: string): Station {
  const station = new Station({ folder, device: 'cpu' });
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
