import { describe, expect, onTestFinished, test } from 'vitest';
import { RewoundError } from '../../../shared/errors.ts';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import { localQueue, QUEUE_SCHEMA, type Queue, type QueueOptions } from '../../../shared/platform/local/queue.ts';
import { fakeClock } from './fake-clock.ts';

/** A queue in memory on a fake clock; pauses are of full length. */
function open(options: Omit<QueueOptions, 'clock'> = {}) {
  const database = openDatabase(':memory:', QUEUE_SCHEMA);
  onTestFinished(() => database.close());
  const clock = fakeClock();
  return { database, clock, queue: localQueue(database, { clock, random: () => 1, ...options }) };
}

function lease(queue: Queue, leaseMs = 1000) {
  const found = queue.lease(['t'], leaseMs);
  if (!found) throw new Error('nothing to lease');
  return found;
}

describe('leases', () => {
  test('a leased message is hidden until its lease ends', async () => {
    const { queue, clock } = open();
    await queue.publish('t', { n: 1 });
    expect(lease(queue)).toMatchObject({ topic: 't', message: { n: 1 }, attempt: 1, publishedAt: clock.now() });
    clock.advance(999);
    expect(queue.lease(['t'], 1000)).toBeUndefined();
    clock.advance(1);
    expect(lease(queue)).toMatchObject({ message: { n: 1 }, attempt: 2 });
  });

  test('a heartbeat keeps it hidden', async () => {
    const { queue, clock } = open();
    await queue.publish('t', 1);
    const held = lease(queue);
    clock.advance(900);
    expect(queue.extend(held, 1000)).toBe(true);
    clock.advance(900);
    expect(queue.lease(['t'], 1000)).toBeUndefined();
  });

  test('who lost a lease to another can settle nothing', async () => {
    const { queue, clock } = open();
    await queue.publish('t', 1);
    const old = lease(queue);
    clock.advance(1000);
    const current = lease(queue);
    expect(queue.ack(old)).toBe(false);
    expect(queue.nack(old, new Error('late'))).toBe(false);
    expect(queue.giveBack(old)).toBe(false);
    expect(queue.extend(old, 1000)).toBe(false);
    expect(queue.depth()).toEqual({ pending: 0, leased: 1, dead: 0 });
    expect(queue.ack(current)).toBe(true);
    expect(queue.ack(current)).toBe(false);
    expect(queue.depth()).toEqual({ pending: 0, leased: 0, dead: 0 });
  });

  test('a late ack counts while nobody else has the message', async () => {
    const { queue, clock } = open();
    await queue.publish('t', 1);
    const held = lease(queue);
    clock.advance(10_000);
    expect(queue.depth()).toEqual({ pending: 1, leased: 0, dead: 0 });
    expect(queue.ack(held)).toBe(true);
    expect(queue.lease(['t'], 1000)).toBeUndefined();
  });

  test('a released message comes back at once and the attempt does not count', async () => {
    const { queue } = open({ maxAttempts: 1 });
    await queue.publish('t', 1);
    expect(queue.giveBack(lease(queue))).toBe(true);
    expect(lease(queue)).toMatchObject({ attempt: 1 });
  });

  test('the longest waiting message of the topics asked for comes first', async () => {
    const { queue, clock } = open();
    await queue.publish('a', 1);
    clock.advance(1);
    await queue.publish('b', 2);
    await queue.publish('b', 3);
    clock.advance(1);
    await queue.publish('a', 4);
    expect(queue.lease([], 1000)).toBeUndefined();
    expect(queue.lease(['c'], 1000)).toBeUndefined();
    expect(queue.lease(['b'], 1000)?.message).toBe(2);
    expect([1, 2, 3].map(() => queue.lease(['b', 'a'], 1000)?.message)).toEqual([1, 3, 4]);
  });

  test('a delayed message waits', async () => {
    const { queue, clock } = open();
    await queue.publish('t', 'later', { delayMs: 500 });
    expect(queue.nextDue(['t'])).toBe(clock.now() + 500);
    expect(queue.lease(['t'], 1000)).toBeUndefined();
    clock.advance(500);
    expect(lease(queue).message).toBe('later');
  });
});

describe('failures', () => {
  test('pauses double up to a limit', async () => {
    const { queue, clock } = open({ backoff: { firstMs: 100, mostMs: 1000 } });
    await queue.publish('t', 1);
    const pauses: number[] = [];
    for (let i = 0; i < 6; i++) {
      queue.nack(lease(queue), new Error('again'));
      const pause = (queue.nextDue(['t']) ?? 0) - clock.now();
      pauses.push(pause);
      clock.advance(pause - 1);
      expect(queue.lease(['t'], 1000)).toBeUndefined();
      clock.advance(1);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  test('jitter shortens a pause to half of it at most', async () => {
    const { queue, clock } = open({ backoff: { firstMs: 100, mostMs: 60_000 }, random: () => 0 });
    await queue.publish('t', 1);
    queue.nack(lease(queue), new Error('again'));
    expect(queue.nextDue(['t'])).toBe(clock.now() + 50);
  });

  test('after the last attempt a message is given up, with the reason', async () => {
    const { queue, clock } = open({ maxAttempts: 2 });
    await queue.publish('t', { n: 1 });
    const publishedAt = clock.now();
    queue.nack(lease(queue), new Error('first'));
    clock.advance(60_000);
    queue.nack(lease(queue), new RewoundError('STORAGE_FULL', 'The disk is full.', { help: '' }));
    expect(queue.lease(['t'], 1000)).toBeUndefined();
    expect(queue.nextDue(['t'])).toBeUndefined();
    expect(queue.depth()).toEqual({ pending: 0, leased: 0, dead: 1 });
    const error = { code: 'STORAGE_FULL', message: 'The disk is full.' };
    expect(queue.dead()).toEqual([
      { id: '1', topic: 't', message: { n: 1 }, publishedAt, diedAt: clock.now(), attempts: 2, error },
    ]);
    queue.forget('2');
    expect(queue.depth().dead).toBe(1);
    queue.forget('1');
    expect(queue.dead()).toEqual([]);
  });

  test('a message of an endless topic never is, and comes again', async () => {
    const { queue, clock } = open({ maxAttempts: 2, endless: ['t'] });
    await queue.publish('t', 1);
    for (let attempt = 1; attempt <= 20; attempt++) {
      const held = lease(queue);
      expect(held.attempt).toBe(attempt);
      queue.nack(held, new Error('again'));
      clock.advance(60_000);
    }
    expect(queue.depth()).toEqual({ pending: 1, leased: 0, dead: 0 });
  });

  test('given up is also one whose holders never answer, and the next one follows', async () => {
    const { queue, clock } = open({ maxAttempts: 3 });
    await queue.publish('t', 'poison');
    for (let i = 0; i < 3; i++) {
      expect(lease(queue).message).toBe('poison');
      if (i === 1) queue.recover();
      else clock.advance(1000);
    }
    clock.advance(1);
    await queue.publish('t', 'good');
    expect(lease(queue).message).toBe('good');
    expect(queue.dead()).toMatchObject([{ message: 'poison', attempts: 3, error: { code: 'INTERNAL' } }]);
  });

  test('on a full disk publish says so and nothing is half done', async () => {
    const { queue, database } = open();
    await queue.publish('t', 'small');
    const { page_count: pages } = database.sql.prepare('PRAGMA page_count').get() ?? {};
    database.sql.exec(`PRAGMA max_page_count = ${pages}`);
    const big = 'x'.repeat(100_000);
    const both = await Promise.allSettled([queue.publish('t', 1), queue.publish('t', big)]);
    for (const { status } of both) expect(status).toBe('rejected');
    await expect(queue.publish('t', big)).rejects.toMatchObject({ code: 'STORAGE_FULL', transient: true });
    expect(queue.depth().pending).toBe(1);
    database.sql.exec('PRAGMA max_page_count = 1000');
    await queue.publish('t', big);
    expect(queue.depth().pending).toBe(2);
  });

  test('what is not JSON is refused', async () => {
    const { queue } = open();
    await expect(queue.publish('t', Number.NaN)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(queue.depth().pending).toBe(0);
  });
});

test('calls that are made together happen together or not at all', async () => {
  const { queue } = open();
  await queue.publish('t', 1);
  await queue.publish('t', 2);
  const first = lease(queue);
  const attempt = () =>
    queue.together(() => {
      queue.ack(first);
      lease(queue);
      throw new Error('no');
    });
  expect(attempt).toThrow();
  expect(queue.depth()).toEqual({ pending: 1, leased: 1, dead: 0 });
  queue.together(() => {
    queue.ack(first);
    expect(lease(queue)).toMatchObject({ message: 2, attempt: 1 });
  });
  expect(queue.depth()).toEqual({ pending: 0, leased: 1, dead: 0 });
});
