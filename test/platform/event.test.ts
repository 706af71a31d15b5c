import type { AddressInfo } from 'node:net';
import { cloudEvent } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { expect, onTestFinished, test } from 'vitest';
import { fromEvent, toEvent } from '../../shared/platform/event.ts';

test('a local event is the one functions-framework makes of a Pub/Sub push', async () => {
  const local = toEvent({ topic: 'probe', id: '42', message: { shard: 'ü' }, publishedAt: Date.UTC(2026, 0, 1) });
  const pushed = Promise.withResolvers<unknown>();
  cloudEvent('receive', (event: unknown) => pushed.resolve(event));
  const server = getTestServer('receive');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));

  const { message, subscription } = local.data;
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/projects/local/topics/probe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ subscription, message }),
  });

  expect(response.ok).toBe(true);
  // The framework drops the subscription, which is why no function may rely on it.
  expect({ ...local, data: { message } }).toEqual(await pushed.promise);
});

test('the message comes back out of its event', () => {
  const message = { shard: 3, name: 'ü' };
  expect(fromEvent(toEvent({ topic: 't', id: '1', message, publishedAt: 0 }))).toEqual(message);
});

test.each([{}, { data: null }, { data: { message: {} } }, { data: { message: { data: 'bm90IGpzb24=' } } }])(
  'an event without a JSON message is refused: %j',
  (event) => {
    expect(() => fromEvent(event)).toThrow(expect.objectContaining({ code: 'MESSAGE_INVALID' }));
  },
);
