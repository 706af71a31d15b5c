import { setImmediate as immediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { fromEvent } from '../../../shared/platform/event.ts';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import {
  type DeliveryOptions,
  deliverUntilAborted,
  deliverUntilIdle,
  type Handler,
} from '../../../shared/platform/local/delivery.ts';
import { localQueue, QUEUE_SCHEMA } from '../../../shared/platform/local/queue.ts';
import { fakeClock } from './fake-clock.ts';

/** A queue in memory and the options of a delivery loop, on a fake clock that runs ahead when the loop sleeps. */
function open(handlers: Readonly<Record<string, Handler>>) {
  const database = openDatabase(':memory:', QUEUE_SCHEMA);
  onTestFinished(() => database.close());
  const clock = fakeClock();
  const queue = localQueue(database, { clock, random: () => 1 });
  const options: DeliveryOptions = { queue, handlers: new Map(Object.entries(handlers)), clock, sleep: clock.sleep };
  return { database, clock, queue, options };
}

/** A promise and what resolves it. */
const gate = () => Promise.withResolvers<void>();

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await immediate();
}

test('delivers what is there and what handlers publish, then is idle', async () => {
  const seen: unknown[] = [];
  const { queue, options } = open({
    plan: async (event) => {
      seen.push(fromEvent(event));
      await Promise.all([1, 2, 3].map((n) => queue.publish('probe', n)));
    },
    probe: async (event) => void seen.push(fromEvent(event)),
  });
  await deliverUntilIdle(options);
  await queue.publish('plan', 'go');
  await queue.publish('elsewhere', 'not ours');
  await deliverUntilIdle(options);
  expect(seen).toEqual(['go', 1, 2, 3]);
  expect(queue.depth()).toEqual({ pending: 1, leased: 0, dead: 0 });
});

test('fails twice, then succeeds; the pauses are kept', async () => {
  const at: number[] = [];
  const errors: unknown[] = [];
  const { queue, options, clock } = open({
    t: async () => {
      at.push(clock.now());
      if (at.length < 3) throw new Error(`failure ${at.length}`);
    },
  });
  await queue.publish('t', 1);
  await deliverUntilIdle({ ...options, onError: (error, { attempt }) => errors.push([String(error), attempt]) });
  expect(at.map((time) => time - (at[0] ?? 0))).toEqual([0, 500, 1500]);
  expect(errors).toEqual([
    ['Error: failure 1', 1],
    ['Error: failure 2', 2],
  ]);
  expect(queue.depth()).toEqual({ pending: 0, leased: 0, dead: 0 });
});

test('a handler that always fails ends as a dead letter, and the loop as idle', async () => {
  let calls = 0;
  const { queue, options } = open({
    t: () => {
      calls++;
      throw new Error('never');
    },
  });
  await queue.publish('t', 1);
  await deliverUntilIdle(options);
  expect(calls).toBe(8);
  expect(queue.dead()).toMatchObject([{ attempts: 8, error: { code: 'INTERNAL', message: 'never' } }]);
});

test('heartbeats keep a message with its handler however long it takes', async () => {
  const finish = gate();
  let calls = 0;
  const { queue, options, clock } = open({
    t: async () => {
      calls++;
      await finish.promise;
    },
  });
  await queue.publish('t', 1);
  const start = clock.now();
  const done = deliverUntilIdle({ ...options, concurrency: { t: 2 }, leaseMs: 1000 });
  await eventually(() => clock.now() - start > 10_000);
  finish.resolve();
  await done;
  expect(calls).toBe(1);
  expect(queue.depth()).toEqual({ pending: 0, leased: 0, dead: 0 });
});

test('a machine that slept does not take its own work for lost', async () => {
  const finish = gate();
  let calls = 0;
  const { queue, options, clock } = open({
    t: async () => {
      calls++;
      await finish.promise;
    },
  });
  await queue.publish('t', 1);
  const done = deliverUntilIdle({ ...options, concurrency: { t: 2 } });
  await eventually(() => calls === 1);
  clock.advance(24 * 3600_000);
  for (let i = 0; i < 20; i++) await immediate();
  finish.resolve();
  await done;
  expect(calls).toBe(1);
});

test('each topic has its own concurrency', async () => {
  const running = { wide: 0, narrow: 0 };
  const most = { wide: 0, narrow: 0 };
  const handler = (topic: 'wide' | 'narrow') => async () => {
    most[topic] = Math.max(most[topic], ++running[topic]);
    await immediate();
    await immediate();
    running[topic]--;
  };
  const { queue, options } = open({ wide: handler('wide'), narrow: handler('narrow') });
  await Promise.all(Array.from({ length: 20 }, (_, i) => queue.publish(i % 2 ? 'wide' : 'narrow', i)));
  await deliverUntilIdle({ ...options, concurrency: { wide: 4 } });
  expect(most).toEqual({ wide: 4, narrow: 1 });
});

test('wakes for a message published in this process without waiting for its next poll', async () => {
  const abort = new AbortController();
  const received = gate();
  const { queue, options } = open({ t: async () => received.resolve() });
  let sleeping = false;
  // A sleep that only waking ends: a loop that polls would never get on.
  const sleep: DeliveryOptions['sleep'] = (_, signal) =>
    new Promise((resolve) => {
      sleeping = true;
      signal.addEventListener('abort', () => resolve());
    });
  const done = deliverUntilAborted({ ...options, sleep, signal: abort.signal });
  await eventually(() => sleeping);
  await queue.publish('t', 1);
  await received.promise;
  abort.abort();
  await done;
  expect(queue.depth().pending).toBe(0);
});

test('polls for messages of other processes', async () => {
  const abort = new AbortController();
  const received = gate();
  const { database, options, clock } = open({ t: async () => received.resolve() });
  const done = deliverUntilAborted({ ...options, signal: abort.signal });
  // Another queue on the same database tells this loop nothing.
  await localQueue(database, { clock }).publish('t', 1);
  await received.promise;
  abort.abort();
  await done;
});

test('an abort ends the leasing and waits for what is running', async () => {
  const [abort, finish] = [new AbortController(), gate()];
  let calls = 0;
  const { queue, options } = open({
    t: async () => {
      calls++;
      await finish.promise;
    },
  });
  await queue.publish('t', 1);
  await queue.publish('t', 2);
  let ended = false;
  const done = deliverUntilAborted({ ...options, signal: abort.signal }).then(() => {
    ended = true;
  });
  await eventually(() => calls === 1);
  abort.abort();
  for (let i = 0; i < 20; i++) await immediate();
  expect(ended).toBe(false);
  finish.resolve();
  await done;
  expect(calls).toBe(1);
  expect(queue.depth()).toEqual({ pending: 1, leased: 0, dead: 0 });
});

test('an abandoned message goes back at once, and its outcome is ignored', async () => {
  const [abandon, finish] = [new AbortController(), gate()];
  const { queue, options } = open({ t: () => finish.promise });
  await queue.publish('t', 1);
  const done = deliverUntilAborted({ ...options, signal: abandon.signal, abandon: abandon.signal });
  await eventually(() => queue.depth().leased === 1);
  abandon.abort();
  await done;
  expect(queue.depth()).toEqual({ pending: 1, leased: 0, dead: 0 });
  finish.resolve();
  await immediate();
  expect(queue.lease(['t'], 1000)).toMatchObject({ message: 1, attempt: 1 });
});

test('already aborted: nothing is delivered', async () => {
  const { queue, options } = open({ t: () => Promise.reject(new Error('called')) });
  await queue.publish('t', 1);
  await deliverUntilIdle({ ...options, signal: AbortSignal.abort() });
  expect(queue.lease(['t'], 1000)?.attempt).toBe(1);
});

test('a queue that fails ends the loop with its error', async () => {
  const { queue, database, options } = open({ t: async () => database.sql.exec('DROP TABLE messages') });
  await queue.publish('t', 1);
  await expect(deliverUntilIdle(options)).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('a fold over messages comes out the same in any order, with duplicates', async () => {
  const fold = async (order: readonly number[]) => {
    const sum = new Map<number, number>();
    let deliveries = 0;
    const { queue, options } = open({
      t: async (event) => {
        const n = Number(fromEvent(event));
        sum.set(n, n * n);
        if (++deliveries % 3 === 0) throw new Error('after the work: it is delivered again');
      },
    });
    for (const n of order) await queue.publish('t', n);
    await deliverUntilIdle({ ...options, concurrency: { t: 3 } });
    expect(deliveries).toBeGreaterThan(order.length);
    return [...sum].sort(([a], [b]) => a - b);
  };
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  expect(await fold(numbers)).toEqual(await fold(numbers.toReversed()));
});
