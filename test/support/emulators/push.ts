import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { PubSub } from '@google-cloud/pubsub';
import type { PubsubEvent } from '../../../shared/platform/event.ts';
import { pushEndpoint } from '../../../shared/platform/google/push.ts';

export type Handler = (event: PubsubEvent) => Promise<void>;

/** A deployed function: a push subscription that calls it over loopback. */
export interface Deployed {
  /** Breaks the connections of everything it is doing and starts it again at the same address. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Deploys a function as production does: functions-framework behind a push subscription. */
export async function deploy(
  pubsub: PubSub,
  names: { readonly subscription: string; readonly topic: string },
  handler: Handler,
): Promise<Deployed> {
  const name = `f-${randomUUID()}`;
  cloudEvent(name, (event: unknown) => handler(toPubsubEvent(event)));
  let server = await listen(getTestServer(name), 0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const { port } = address;
  const { projectId: project } = pubsub;
  const subscription = pubsub.subscription(names.subscription);
  await subscription.modifyPushConfig({
    pushEndpoint: pushEndpoint(`http://127.0.0.1:${port}`, { project, topic: names.topic }),
  });
  return {
    async crash() {
      await close(server);
      server = await listen(getTestServer(name), port);
    },
    async stop() {
      await subscription.modifyPushConfig({});
      await close(server);
    },
  };
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

/** What functions-framework gives is checked field by field by the tests that get it. */
function toPubsubEvent(event: unknown): PubsubEvent {
  return event as PubsubEvent;
}
