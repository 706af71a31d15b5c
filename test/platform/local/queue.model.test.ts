import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../shared/platform/local/database.ts';
import { type Lease, localQueue, QUEUE_SCHEMA } from '../../../shared/platform/local/queue.ts';
import { fakeClock } from './fake-clock.ts';

const TOPICS = ['a', 'b'];
const LEASE_MS = 100;
const MAX_ATTEMPTS = 3;

type Step =
  | { readonly do: 'publish'; readonly topic: string; readonly delayMs: number }
  | { readonly do: 'lease'; readonly topics: string[] }
  | { readonly do: 'ack' | 'nack' | 'extend' | 'giveBack'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'recover' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('publish' as const),
    topic: fc.constantFrom(...TOPICS),
    delayMs: fc.constantFrom(0, 50),
  }),
  fc.record({ do: fc.constant('lease' as const), topics: fc.subarray(TOPICS) }),
  fc.record({ do: fc.constantFrom('ack', 'nack', 'extend', 'giveBack'), which: fc.nat(4) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 60, 100) }),
  fc.record({ do: fc.constant('recover' as const) }),
);

test('no order of events loses a message, delivers one after its ack, or gives one to two holders', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), check), { numRuns: 300 });
});

async function check(steps: readonly Step[]): Promise<void> {
  const database = openDatabase(':memory:', QUEUE_SCHEMA);
  const clock = fakeClock();
  const queue = localQueue(database, {
    clock,
    maxAttempts: MAX_ATTEMPTS,
    backoff: { firstMs: 20, mostMs: 60_000 },
    random: () => 0.5,
  });
  let published = 0;
  const acked = new Set<unknown>();
  /** When each message may be delivered first. */
  const visibleAt: number[] = [];
  /** Every lease ever given: also those that are over can try to settle. */
  const leases: Lease[] = [];
  /** Message -> the lease that alone may settle it. */
  const holders = new Map<unknown, { readonly lease: Lease; until: number }>();

  function lease(topics: readonly string[]): Lease | undefined {
    const found = queue.lease(topics, LEASE_MS);
    if (!found) return undefined;
    expect(topics).toContain(found.topic);
    expect(acked).not.toContain(found.message);
    expect(found.attempt).toBeLessThanOrEqual(MAX_ATTEMPTS);
    expect(visibleAt[Number(found.message)]).toBeLessThanOrEqual(clock.now());
    expect(holders.get(found.message)?.until ?? 0).toBeLessThanOrEqual(clock.now());
    holders.set(found.message, { lease: found, until: clock.now() + LEASE_MS });
    leases.push(found);
    return found;
  }

  function settle(what: 'ack' | 'nack' | 'extend' | 'giveBack', lease: Lease): void {
    const holder = holders.get(lease.message);
    const isHolder = holder?.lease.token === lease.token;
    // One that was given up meanwhile has no holder any more, and only the queue knows.
    const isDead = queue.dead().some(({ id }) => id === lease.id);
    const done =
      what === 'extend'
        ? queue.extend(lease, LEASE_MS)
        : what === 'nack'
          ? queue.nack(lease, 'no')
          : queue[what](lease);
    expect(done).toBe(isHolder && !isDead);
    if (!done || !holder) return;
    if (what === 'ack') acked.add(lease.message);
    if (what === 'extend') holder.until = clock.now() + LEASE_MS;
    else holders.delete(lease.message);
  }

  for (const next of steps) {
    if (next.do === 'publish') {
      visibleAt.push(clock.now() + next.delayMs);
      await queue.publish(next.topic, published++, { delayMs: next.delayMs });
    } else if (next.do === 'lease') lease(next.topics);
    else if (next.do === 'wait') clock.advance(next.ms);
    else if (next.do === 'recover') {
      queue.recover();
      holders.clear();
    } else {
      const chosen = leases.at(-1 - (next.which % Math.max(1, leases.length)));
      if (chosen) settle(next.do, chosen);
    }
    const { pending, leased, dead } = queue.depth();
    expect(pending + leased + dead + acked.size).toBe(published);
  }

  clock.advance(60_000);
  for (let left = lease(TOPICS); left; left = lease(TOPICS)) settle('ack', left);
  const dead = queue.dead().map(({ message }) => message);
  for (const message of dead) expect(acked).not.toContain(message);
  expect(new Set([...acked, ...dead])).toEqual(new Set(Array.from({ length: published }, (_, i) => i)));
  expect(queue.dead().every(({ attempts }) => attempts === MAX_ATTEMPTS)).toBe(true);
  database.close();
}
