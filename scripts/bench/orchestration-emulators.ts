/** Measures the floor of orchestration on the emulators: messages and records alone. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { Firestore } from '@google-cloud/firestore';
import { PubSub } from '@google-cloud/pubsub';
import { z } from 'zod';
import { fromEvent } from '../../shared/platform/event.ts';

const Message = z.object({ shard: z.int() });

/**
 * Seconds that the emulators of Pub/Sub and Firestore take for `shards` shards in `window` chains, if all that is done
 * for each is what no orchestration of this kind can do without: its message is pushed, its document is created, the
 * next one's message is published. No objects, no functions-framework, one client for all.
 */
export async function emulatorFloor(shards: number, window: number): Promise<number> {
  const project = `floor-${randomUUID()}`;
  const pubsub = new PubSub({ projectId: project });
  const firestore = new Firestore({ projectId: project });
  const [topic] = await pubsub.createTopic('floor');
  const publish = (shard: number) => topic.publishMessage({ json: { shard } });
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  let done = 0;

  async function push(request: IncomingMessage): Promise<void> {
    const { shard } = Message.parse(fromEvent({ data: await json(request) }));
    await firestore.doc(`floors/1/shards/${shard}`).create({ at: shard });
    if (shard + window < shards) await publish(shard + window);
    if (++done === shards) resolve();
  }

  const server = createServer((request, response) => {
    push(request).then(() => response.writeHead(204).end(), reject);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const pushConfig = { pushEndpoint: `http://127.0.0.1:${address.port}/` };
  const [subscription] = await topic.createSubscription('floor', { ackDeadlineSeconds: 60, pushConfig });
  try {
    const start = performance.now();
    await Promise.all(Array.from({ length: Math.min(window, shards) }, (_, shard) => publish(shard)));
    await all;
    return (performance.now() - start) / 1000;
  } finally {
    await subscription.delete();
    server.close();
    server.closeAllConnections();
    await Promise.all([pubsub.close(), firestore.terminate()]);
  }
}
