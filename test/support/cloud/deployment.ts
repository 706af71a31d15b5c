import { type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { Firestore } from '@google-cloud/firestore';
import { PubSub } from '@google-cloud/pubsub';
import { Storage } from '@google-cloud/storage';
import { apiServer, openApi } from '../../../functions/api.ts';
import type { World } from '../../../functions/bootstrap.ts';
import { openContext } from '../../../functions/context.ts';
import { functions } from '../../../functions/index.ts';
import type { LogEvent } from '../../../functions/log.ts';
import { type Service, serve } from '../../../functions/server.ts';
import { ACCOUNT_FUNCTIONS, readSettings } from '../../../functions/settings.ts';
import type { Context } from '../../../shared/pipeline/base/context.ts';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { pushEndpoint } from '../../../shared/platform/google/push.ts';
import type { Records } from '../../../shared/platform/ports.ts';
import { hostedTenancy } from '../../../shared/service/audits/tenancy.ts';
import type { ServiceContext, ServiceSettings } from '../../../shared/service/core/context.ts';
import { hasEmulator, startFirestore, startPubsub } from '../emulators/index.ts';
import { type StorageServer, startStorage } from '../emulators/storage/server.ts';
import { portOf } from '../service/webhook-receiver.ts';
import { SECRET } from '../service/webhook-service.ts';
import { type Balancer, balance } from './balancer.ts';

/** Whether the cloud can be emulated here; says visibly if not. */
export function hasCloud(): boolean {
  return [hasEmulator('pubsub'), hasEmulator('firestore')].every(Boolean);
}

export interface Cloud {
  /** The service that holds the buckets, to make it fail. */
  readonly storage: StorageServer;
  deploy(options?: DeployOptions): Promise<Deployment>;
  stop(): Promise<void>;
}

export interface DeployOptions {
  /** What stands in for the real engine. */
  readonly compute?: Context['compute'];
  /** What stands between the functions and the platform. */
  readonly around?: (world: Context) => Context;
  readonly window?: number;
  /** Most instances of a service. */
  readonly instances?: number;
  /** Deliveries before a message is a dead letter, 5 to 100. */
  readonly attempts?: number;
  /** The hosted service too, with these settings. */
  readonly service?: Omit<ServiceSettings, 'origin'>;
}

/** All functions behind push subscriptions, as terraform/ deploys them, in a project of its own. */
export interface Deployment {
  readonly project: string;
  /** The bucket as an owner of photos uses it. */
  readonly bucket: ReturnType<Storage['bucket']>;
  readonly pubsub: PubSub;
  /** The database of the audits. */
  readonly firestore: Firestore;
  /** The database of the accounts. */
  readonly accounts: Firestore;
  /** The world of the functions, and of tests: a function that runs models finds no account in it. */
  readonly context: Context;
  readonly log: readonly LogEvent[];
  /** Where the API is, if there is one. */
  readonly origin: string | undefined;
  stop(): Promise<void>;
}

const PREFIX = 'rewound-';
/** The database of the accounts; that of the audits is the default one. */
const ACCOUNTS = 'accounts';
const RETRY_SOON = { minimumBackoff: { nanos: 1e7 }, maximumBackoff: { nanos: 1e8 } };
/** Longer than any step of a test takes; production waits for the ten minutes a call may take. */
const ACK_S = 60;

/**
 * Starts Pub/Sub, Firestore and a bucket that publishes what lands in it. `signer` is the public key of whoever signs
 * addresses for uploads.
 */
export async function startCloud({ signer }: { readonly signer?: KeyObject } = {}): Promise<Cloud> {
  const [pubsubEmulator, firestoreEmulator] = await Promise.all([startPubsub(), startFirestore()]);
  const notifier = new Map<string, PubSub>();
  const storage = await startStorage({
    ...(signer ? { signer } : {}),
    publish: async (topic, data, attributes) => {
      const [, project = '', , name = ''] = topic.split('/');
      const pubsub = notifier.get(project) ?? new PubSub({ projectId: project });
      notifier.set(project, pubsub);
      await pubsub.topic(name).publishMessage({ data, attributes });
    },
  });
  process.env.STORAGE_EMULATOR_HOST = storage.origin;
  return {
    storage,
    deploy,
    async stop() {
      await storage.close();
      delete process.env.STORAGE_EMULATOR_HOST;
      for (const pubsub of notifier.values()) await pubsub.close();
      await Promise.all([pubsubEmulator.stop(), firestoreEmulator.stop()]);
    },
  };
}

async function deploy(options: DeployOptions = {}): Promise<Deployment> {
  const { compute, around = (same) => same, window = 1, instances = 1, attempts = 10, service } = options;
  const project = `test-${randomUUID()}`;
  const environment = {
    ...process.env,
    REWOUND_PROJECT: project,
    REWOUND_BUCKET: project,
    REWOUND_TOPIC_PREFIX: PREFIX,
    REWOUND_WINDOW: String(window),
  };
  const world = openContext(readSettings({ ...environment, FUNCTION_TARGET: TOPICS.plan }));
  const open = openContext(
    readSettings({ ...environment, FUNCTION_TARGET: TOPICS.settle, REWOUND_ACCOUNTS_DATABASE: ACCOUNTS }),
  );
  const contextWith = (records: Records): Context =>
    around({
      ...world.context,
      records,
      tenancy: hostedTenancy({ ...world.context, records }),
      ...(compute ? { compute } : {}),
    });
  // Each function has the records that its own service would open: only those that work with accounts are given them.
  const context = contextWith(open.context.records);
  const pipeline = contextWith(world.context.records);
  const log: LogEvent[] = [];
  const note = (event: LogEvent) => void log.push(event);
  const pubsub = new PubSub({ projectId: project });
  const firestore = new Firestore({ projectId: project });
  const accounts = new Firestore({ projectId: project, databaseId: ACCOUNTS });
  const services: Service[] = [];
  const balancers: Balancer[] = [];
  const api = service && (await serveService({ ...context, uploads: world.uploads }, service, note));
  const worldOf = (name: string): World => ({
    ...(ACCOUNT_FUNCTIONS.has(name) ? context : pipeline),
    ...(api ? { service: api.service } : {}),
  });
  for (const name of Object.values(TOPICS)) await pubsub.createTopic(PREFIX + name);
  for (const name of functions.keys()) {
    const started = Array.from({ length: instances }, () =>
      serve({ target: name, world: worldOf(name), port: 0, log: note }),
    );
    const ports = (await Promise.all(started)).map((service) => {
      services.push(service);
      return service.port;
    });
    const balancer = await balance(ports);
    balancers.push(balancer);
    const topic = PREFIX + name;
    await pubsub.createSubscription(topic, topic, {
      ackDeadlineSeconds: ACK_S,
      retryPolicy: RETRY_SOON,
      pushConfig: { pushEndpoint: pushEndpoint(`http://127.0.0.1:${balancer.port}`, { project, topic }) },
      ...(name === TOPICS.deadletter
        ? {}
        : {
            deadLetterPolicy: {
              deadLetterTopic: `projects/${project}/topics/${PREFIX}${TOPICS.deadletter}`,
              maxDeliveryAttempts: attempts,
            },
          }),
    });
  }
  const bucket = new Storage({ projectId: project }).bucket(project);
  await bucket.createNotification(`projects/${project}/topics/${PREFIX}${TOPICS.plan}`, {
    eventTypes: ['OBJECT_FINALIZE'],
    objectNamePrefix: 'drop/',
  });
  return {
    project,
    bucket,
    pubsub,
    firestore,
    accounts,
    context,
    log,
    origin: api?.origin,
    async stop() {
      api?.server.close();
      api?.server.closeAllConnections();
      for (const name of functions.keys()) await pubsub.subscription(PREFIX + name).delete();
      for (const service of services) await service.stop(1000);
      for (const balancer of balancers) balancer.close();
      await Promise.all([pubsub.close(), firestore.terminate(), accounts.terminate()]);
      await Promise.all([world.close(), open.close()]);
    },
  };
}

/** The API on a port of its own, and what `deliver` needs. */
async function serveService(
  world: Omit<ServiceContext, 'secret' | 'settings'>,
  settings: Omit<ServiceSettings, 'origin'>,
  note: (event: LogEvent) => void,
) {
  const receiver: { answer?: RequestListener } = {};
  const server = apiServer((request, response) => receiver.answer?.(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${portOf(server.address())}`;
  const service = { secret: SECRET, settings: { ...settings, origin } };
  receiver.answer = openApi(
    { ...world, ...service },
    { onAnswer: (answer) => note({ event: 'request.answered', ...answer }) },
  );
  return { server, origin, service };
}
