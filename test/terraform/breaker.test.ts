import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PubSub } from '@google-cloud/pubsub';
import { describe, expect, onTestFinished, test } from 'vitest';
import { breaker, isSpent, stopDeliveries } from '../../scripts/deploy/breaker.ts';
import { hasEmulator, startPubsub } from '../support/emulators/index.ts';

const push = (notification: unknown) =>
  JSON.stringify({ message: { data: Buffer.from(JSON.stringify(notification)).toString('base64') } });

describe('a budget is spent', () => {
  test.each([
    [99.99, false],
    [100, true],
    [250, true],
  ])('at %f of 100: %s', (costAmount, spent) => {
    expect(isSpent(push({ budgetDisplayName: 'rewound', costAmount, budgetAmount: 100 }))).toBe(spent);
  });

  test.each(['', 'no json', '{}', push({ costAmount: 5 }), push({ costAmount: 5, budgetAmount: 0 })])(
    'not by what is no notification: %s',
    (body) => {
      expect(isSpent(body)).toBe(false);
    },
  );
});

test('a failed stop is answered so that it comes again', async () => {
  const calls: string[] = [];
  const lines: object[] = [];
  let works = false;
  const server = breaker(
    async () => {
      calls.push('stop');
      if (!works) throw new Error('Still delivering: rewound-probe.');
    },
    (line) => lines.push(line),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = async (body: string) => (await fetch(url, { method: 'POST', body })).status;

  expect(await send(push({ costAmount: 1, budgetAmount: 100 }))).toBe(204);
  expect(calls).toEqual([]);
  expect(await send(push({ costAmount: 101, budgetAmount: 100 }))).toBe(500);
  works = true;
  expect(await send(push({ costAmount: 101, budgetAmount: 100 }))).toBe(204);
  expect(calls).toEqual(['stop', 'stop']);
  expect(lines).toMatchObject([{ event: 'budget.failed' }, { event: 'budget.spent' }]);
});

describe.skipIf(!hasEmulator('pubsub'))('on Pub/Sub (its emulator)', () => {
  test('every subscription is taken off its service, and one that is missing hides no other', async () => {
    const emulator = await startPubsub();
    onTestFinished(() => emulator.stop());
    const pubsub = new PubSub({ projectId: 'breaker-test' });
    onTestFinished(() => pubsub.close());
    const [topic] = await pubsub.createTopic('rewound-any');
    const names = ['rewound-plan', 'rewound-probe'];
    for (const name of names) await topic.createSubscription(name, { pushEndpoint: 'http://127.0.0.1:1/push' });
    const endpoints = () =>
      Promise.all(
        names.map(async (name) => (await pubsub.subscription(name).getMetadata())[0].pushConfig?.pushEndpoint),
      );
    expect(await endpoints()).toEqual(names.map(() => 'http://127.0.0.1:1/push'));

    await expect(stopDeliveries(pubsub, ['rewound-gone', ...names])).rejects.toThrow('rewound-gone');
    expect((await endpoints()).map((endpoint) => endpoint ?? '')).toEqual(['', '']);
  });
});
