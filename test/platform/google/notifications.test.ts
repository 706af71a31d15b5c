import { PubSub } from '@google-cloud/pubsub';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type PubsubEvent, toEvent } from '../../../shared/platform/event.ts';
import { openGoogle } from '../../../shared/platform/google/index.ts';
import { type Dropped, fromNotification } from '../../../shared/platform/google/push.ts';
import { type Emulator, hasEmulator, startPubsub } from '../../support/emulators/index.ts';
import { deploy } from '../../support/emulators/push.ts';
import { startStorage } from '../../support/emulators/storage/server.ts';
import { tempDir } from '../../support/temp.ts';

describe.skipIf(!hasEmulator('pubsub'))('notifications of a bucket', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startPubsub();
  });
  afterAll(() => emulator.stop());

  test('an object that is finished reaches the function of its topic', async () => {
    const pubsub = new PubSub({ projectId: 'p' });
    const storage = await startStorage({
      publish: async (topic, data, attributes) => void (await pubsub.topic(topic).publishMessage({ data, attributes })),
    });
    process.env.STORAGE_EMULATOR_HOST = storage.origin;
    await pubsub.createTopic('x-dropped');
    await pubsub.createSubscription('x-dropped', 'x-dropped');
    const bucket = new Storage({ projectId: 'p' }).bucket('b');
    await bucket.createNotification('projects/p/topics/x-dropped', {
      eventTypes: ['OBJECT_FINALIZE'],
      objectNamePrefix: 'drop/',
    });
    const received: PubsubEvent[] = [];
    const deployed = await deploy(pubsub, { topic: 'x-dropped', subscription: 'x-dropped' }, async (event) => {
      received.push(event);
    });
    const platform = openGoogle({ project: 'p', bucket: 'b', topicPrefix: 'x-', cacheFolder: tempDir() });
    onTestFinished(async () => {
      await platform.close();
      await deployed.stop();
      await storage.close();
      await pubsub.close();
    });

    await platform.objects.put('work/7/shards/1', Buffer.from('no notification'));
    const first = await platform.objects.put('drop/t/p/checkpoints/g.pkl', Buffer.from('one'));
    const second = await platform.objects.put('drop/t/p/checkpoints/g.pkl', Buffer.from('two'));
    await platform.objects.delete('drop/t/p/checkpoints/g.pkl');

    await expect.poll(() => received.length).toBe(2);
    const dropped = received.map(fromNotification).sort((a, b) => generation(a) - generation(b));
    expect(dropped).toEqual([first, second].map((put) => ({ bucket: 'b', key: put.key, generation: put.generation })));
    expect(received.map(({ data }) => data.message.attributes)).toContainEqual({
      notificationConfig: 'projects/_/buckets/b/notificationConfigs/1',
      eventType: 'OBJECT_FINALIZE',
      payloadFormat: 'JSON_API_V1',
      bucketId: 'b',
      objectId: second.key,
      objectGeneration: second.generation,
      overwroteGeneration: first.generation,
      eventTime: expect.stringMatching(/^\d{4}-/),
    });
  });
});

test.each(['drop/t/', 'drop/.hidden', 'drop/a.part'])('%s is no object', (name) => {
  expect(fromNotification(notify({ kind: 'storage#object', bucket: 'b', name, generation: '1' }))).toBeUndefined();
});

test.each([{}, { kind: 'storage#object' }, { kind: 'x', bucket: 'b', name: 'a', generation: '1' }])(
  'what is no notification is refused: %j',
  (message) => {
    expect(() => fromNotification(notify(message))).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
  },
);

function notify(message: { readonly [key: string]: string }): PubsubEvent {
  return toEvent({ topic: 'dropped', id: '1', message, publishedAt: 0 });
}

function generation(dropped: Dropped | undefined): number {
  return Number(dropped?.generation);
}
