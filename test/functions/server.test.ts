import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { LogEvent } from '../../functions/log.ts';
import { type ServeOptions, serve } from '../../functions/server.ts';
import { RewoundError } from '../../shared/errors.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import type { Json } from '../../shared/platform/ports.ts';
import { hasEmulator, startFirestore } from '../support/emulators/index.ts';

const AUDIT = '0123456789abcdef0123456789abcdef';

/** A push as Pub/Sub sends it. */
function push(port: number, message: Json, headers: Record<string, string> = {}): Promise<Response> {
  const data = Buffer.from(JSON.stringify(message)).toString('base64');
  return fetch(`http://127.0.0.1:${port}/projects/p/topics/t`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ message: { data, messageId: '7', attributes: {} }, subscription: 's' }),
  });
}

/** A world of which only the record of the audit is asked for. */
function world(get: (path: string) => Promise<undefined>): Context {
  const none = () => Promise.reject(new Error('not part of this test'));
  return {
    records: { get, create: none, replace: none, count: none, list: none, delete: none } as never,
    objects: {} as never,
    events: {} as never,
    compute: {} as never,
    clock: { now: () => 0 },
    device: 'cpu',
    window: 1,
  };
}

async function start(get: (path: string) => Promise<undefined>, options: Partial<ServeOptions> = {}) {
  const logged: LogEvent[] = [];
  const log = (event: LogEvent) => void logged.push(event);
  const service = await serve({ target: 'notify', world: world(get), port: 0, log, ...options });
  onTestFinished(async () => void (await service.stop(0)));
  return { service, logged };
}

test('a message that is handled is acknowledged and logged by its ids alone', async () => {
  const { service, logged } = await start(async () => undefined);
  const response = await push(service.port, { version: 1, audit: AUDIT });
  expect(response.status).toBe(204);
  expect(logged).toEqual([{ event: 'message.handled', message: '7', audit: AUDIT, ms: expect.any(Number) }]);
});

test('a message of the service that is of no schema comes again: a newer version may know it', async () => {
  const { service, logged } = await start(async () => undefined, { target: 'tend' });
  const message = { version: 1, about: 'something new', account: 'acc_0', audit: 'aud_0' };
  expect((await push(service.port, message)).status).toBe(500);
  expect(logged).toMatchObject([{ event: 'message.failed', code: 'MESSAGE_INVALID', transient: true }]);
});

test('a message of no schema is acknowledged: it could never succeed', async () => {
  const { service } = await start(() => Promise.reject(new Error('must not be asked')));
  expect((await push(service.port, { version: 1, audit: 'someone' })).status).toBe(204);
});

test('a transient failure is answered with 500 and nothing of what went wrong but its code', async () => {
  const { service, logged } = await start(() =>
    Promise.reject(new RewoundError('STORAGE_FULL', 'secret', { help: 'secret', transient: true })),
  );
  const response = await push(service.port, { version: 1, audit: AUDIT });
  expect(response.status).toBe(500);
  expect(await response.text()).toBe('STORAGE_FULL');
  expect(logged).toMatchObject([{ event: 'message.failed', code: 'STORAGE_FULL', transient: true, audit: AUDIT }]);
  expect(JSON.stringify(logged)).not.toContain('secret');
});

test('what the gate does not let in never reaches the function, and its body no log', async () => {
  const { service, logged } = await start(() => Promise.reject(new Error('must not be asked')), {
    authenticate: async (authorization) => (authorization === 'Bearer good' ? 200 : 403),
  });
  expect((await push(service.port, { version: 1, audit: AUDIT })).status).toBe(403);
  expect(logged).toEqual([{ event: 'caller.refused', status: 403 }]);
});

test.each([
  [1, undefined],
  [3, 3],
])('%i at a time', async (most, concurrency) => {
  const waiting: (() => void)[] = [];
  const came = Promise.withResolvers<void>();
  let [running, seen, begun] = [0, 0, 0];
  const { service } = await start(
    async () => {
      seen = Math.max(seen, ++running);
      if (++begun === most) came.resolve();
      await new Promise<void>((resolve) => waiting.push(resolve));
      running--;
      return undefined;
    },
    concurrency === undefined ? {} : { concurrency },
  );
  const answers = Array.from({ length: 7 }, () => push(service.port, { version: 1, audit: AUDIT }));
  // As many as may are at work at the same time.
  await came.promise;
  let left = answers.length;
  const all = Promise.all(answers.map((answer) => answer.finally(() => left--)));
  while (left > 0) {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await all).map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 204));
  expect(seen).toBe(most);
});

test('what is given back is all that is at hand', async () => {
  const begun = Promise.withResolvers<void>();
  let count = 0;
  const { service } = await start(
    () => {
      if (++count === 2) begun.resolve();
      return new Promise(() => undefined);
    },
    { concurrency: 2 },
  );
  const answers = [1, 2, 3].map(() => push(service.port, { version: 1, audit: AUDIT }));
  await begun.promise;
  expect(await service.stop(10)).toBe(true);
  for (const answer of answers) expect((await answer).status).toBe(503);
});

test('stopping waits for the message at hand', async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<undefined>();
  const { service } = await start(() => {
    begun.resolve();
    return go.promise;
  });
  const answer = push(service.port, { version: 1, audit: AUDIT });
  await begun.promise;
  const stopped = service.stop(10_000);
  go.resolve(undefined);
  expect(await stopped).toBe(false);
  expect((await answer).status).toBe(204);
});

test('what takes longer than the time that is left is given back', async () => {
  const begun = Promise.withResolvers<void>();
  const { service } = await start(() => {
    begun.resolve();
    return new Promise(() => undefined);
  });
  const answer = push(service.port, { version: 1, audit: AUDIT });
  await begun.promise;
  expect(await service.stop(10)).toBe(true);
  expect((await answer).status).toBe(503);
});

test('there is no such function', async () => {
  await expect(serve({ target: 'constructor', world: world(async () => undefined), port: 0 })).rejects.toMatchObject({
    code: 'USAGE',
  });
});

const SERVER = join(import.meta.dirname, '../../functions/server.ts');
const ENVIRONMENT = {
  FUNCTION_TARGET: 'probe',
  REWOUND_PROJECT: 'p',
  REWOUND_BUCKET: 'b',
  PORT: '0',
  PUBSUB_EMULATOR_HOST: '127.0.0.1:1',
};

function spawnServer(environment: Record<string, string>) {
  const child = spawn(process.execPath, [SERVER], { env: { PATH: process.env.PATH, ...environment } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test.each([
  ['without its settings', { FUNCTION_TARGET: 'probe' }, 'USAGE'],
  ['for an unknown function', { ...ENVIRONMENT, FUNCTION_TARGET: 'prob' }, 'USAGE'],
])('a service does not start %s', (_what, environment, code) => refuses(environment, code));

test.skipIf(existsSync('/dev/nvidiactl'))('a service does not start on a device that is not there', () =>
  refuses({ ...ENVIRONMENT, REWOUND_DEVICE: 'cuda' }, 'DEVICE_UNAVAILABLE'),
);

async function refuses(environment: Record<string, string>, code: string): Promise<void> {
  const child = spawnServer(environment);
  const [output, [exit]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(exit).toBe(1);
  expect(JSON.parse(output)).toMatchObject({ event: 'service.refused', severity: 'CRITICAL', code });
}

test.skipIf(!hasEmulator('firestore'))('the API says so when it was given another secret than before', async () => {
  const emulator = await startFirestore();
  onTestFinished(() => emulator.stop());
  const environment = {
    ...ENVIRONMENT,
    FUNCTION_TARGET: 'api',
    REWOUND_ACCOUNTS_DATABASE: 'accounts',
    REWOUND_ORIGIN: 'https://audits.example.com',
  };
  const changes: unknown[] = [];
  for (const byte of [1, 1, 2]) {
    const child = spawnServer({
      ...environment,
      FIRESTORE_EMULATOR_HOST: process.env.FIRESTORE_EMULATOR_HOST ?? '',
      REWOUND_SECRET: Buffer.alloc(32, byte).toString('base64'),
    });
    const lines = createInterface({ input: child.stdout });
    let change = 'same';
    for await (const line of lines) {
      const said = JSON.parse(line);
      if (said.event === 'secret.adopted') change = said.change;
      else expect(said.event).toBe('service.started');
      if (said.event === 'service.started') break;
    }
    changes.push(change);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(changes).toEqual(['first', 'same', 'replaced']);
});

test('a service says in one line that it serves, and ends when it is asked to', async () => {
  const child = spawnServer(ENVIRONMENT);
  const [line] = await once(child.stdout, 'data');
  expect(JSON.parse(String(line))).toMatchObject({ event: 'service.started', function: 'probe', verified: false });
  child.kill('SIGTERM');
  const [exit] = await once(child, 'exit');
  expect(exit).toBe(0);
});
