import { randomUUID } from 'node:crypto';
import { PubSub } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { ownObjects } from '../../shared/pipeline/runs/own-objects.ts';
import { type GooglePlatform, openGoogle } from '../../shared/platform/google/index.ts';
import { hasEmulator, startFirestore, startPubsub } from '../support/emulators/index.ts';
import { type Deployed, deploy } from '../support/emulators/push.ts';
import { startStorage } from '../support/emulators/storage/server.ts';
import { tempDir } from '../support/temp.ts';
import { type EventsSubject, eventsContract } from './events.contract.ts';
import { objectsContract } from './objects.contract.ts';
import { recordsContract } from './records.contract.ts';
import { wrappedObjects } from './wrapped.ts';

const PREFIX = 'rewound-';

/** A platform of its own for the running test: projects and buckets come into being as they are named. */
function open(project = `test-${randomUUID()}`): GooglePlatform {
  const platform = openGoogle({ project, bucket: project, topicPrefix: PREFIX, cacheFolder: tempDir() });
  onTestFinished(() => platform.close());
  return platform;
}

/** The topics of the contract, as a deployment makes them. */
const TOPICS = ['plan', 'probe', 'merge', 't'];

const RETRY_SOON = { minimumBackoff: { nanos: 1e7 }, maximumBackoff: { nanos: 1e8 } };

async function openEvents(): Promise<EventsSubject> {
  const project = `test-${randomUUID()}`;
  const pubsub = new PubSub({ projectId: project });
  const { events } = open(project);
  const deployed: Deployed[] = [];
  onTestFinished(async () => {
    for (const { stop } of deployed) await stop();
    await pubsub.close();
  });
  await Promise.all(
    TOPICS.map(async (name) => {
      const topic = PREFIX + name;
      await pubsub.createTopic(topic);
      await pubsub.createSubscription(topic, topic, { retryPolicy: RETRY_SOON });
    }),
  );
  return {
    events,
    async subscribe(name, handler) {
      const topic = PREFIX + name;
      deployed.push(await deploy(pubsub, { subscription: topic, topic }, handler));
    },
    async crash() {
      for (const { crash } of deployed) await crash();
    },
  };
}

describe('Cloud Storage', () => {
  let storage: Awaited<ReturnType<typeof startStorage>>;
  beforeAll(async () => {
    storage = await startStorage();
    process.env.STORAGE_EMULATOR_HOST = storage.origin;
  });
  afterAll(() => storage.close());

  objectsContract('a bucket', async () => open().objects);
  objectsContract('a bucket, wrapped', async () => wrappedObjects(open().objects));
  objectsContract('a bucket, as steps are given it', async () => ownObjects(open().objects), 'RESULT_INCOMPLETE');
});

describe.skipIf(!hasEmulator('firestore'))('Firestore', () => {
  let firestore: Awaited<ReturnType<typeof startFirestore>>;
  beforeAll(async () => {
    firestore = await startFirestore();
  });
  afterAll(() => firestore.stop());

  recordsContract('Firestore', async () => open().records);
});

describe.skipIf(!hasEmulator('pubsub'))('Pub/Sub', () => {
  let pubsub: Awaited<ReturnType<typeof startPubsub>>;
  beforeAll(async () => {
    pubsub = await startPubsub();
  });
  afterAll(() => pubsub.stop());

  eventsContract('Pub/Sub', openEvents);
});
