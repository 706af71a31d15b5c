import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RewoundError } from '../../shared/errors.ts';
import { around } from '../../shared/platform/around.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { Records } from '../../shared/platform/ports.ts';
import { entries, grant, hold, purchase, settle } from '../../shared/service/billing/credits.ts';
import { chainOf } from '../../shared/service/billing/ledger/chain.ts';
import type { Entry } from '../../shared/service/billing/ledger/entry.ts';
import { KeyedQueue } from '../../shared/service/billing/ledger/queue.ts';
import { type LedgerContext, transact } from '../../shared/service/billing/ledger/transact.ts';
import { memoryRecords } from '../support/cloud/memory.ts';
import { tempDir } from '../support/temp.ts';
import { bookedIn, expectSound } from './books.ts';

const ACCOUNT = 'acc_test';
const clock = { now: () => 0 };
const pause = async () => {};

type Fault = 'none' | 'lost' | 'dies after';

class Crash extends Error {}

/** A writer's own view of shared records: every call is a turn of `turn`, and its writes fail as `faults` says. */
function seenBy(records: Records, turn: () => Promise<unknown>, faults: Fault[] = []): Records {
  async function write(work: () => Promise<boolean>): Promise<boolean> {
    await turn();
    const fault = faults.shift() ?? 'none';
    if (fault === 'lost') throw new Crash();
    const done = await work();
    if (fault === 'dies after') throw new Crash();
    return done;
  }
  return around(records, {
    create: (go) => write(go),
    replace: (go) => write(go),
    async get(go) {
      await turn();
      return go();
    },
    async *list(go) {
      await turn();
      yield* go();
    },
  });
}

interface Act {
  readonly do: 'purchase' | 'grant' | 'hold' | 'settle';
  readonly which: number;
  readonly credits: number;
  readonly writer: number;
}

const WRITERS = 3;

const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('purchase', 'grant', 'hold', 'hold', 'settle'),
  which: fc.nat(3),
  credits: fc.integer({ min: 1, max: 50 }),
  writer: fc.nat(WRITERS - 1),
});

function perform(context: LedgerContext, { do: what, which, credits }: Act): Promise<Entry | undefined> {
  if (what === 'purchase') return purchase(context, ACCOUNT, { payment: `cs_${which}`, credits });
  if (what === 'grant') return grant(context, ACCOUNT, { id: String(which), credits });
  return (what === 'hold' ? hold : settle)(context, ACCOUNT, `aud_${which}`, credits);
}

/** How it ended: with an entry, a refusal, or a crash after which it is delivered again. */
type Ended = Entry | 'no hold' | 'refused' | 'crashed';

async function ending(work: Promise<Entry | undefined>): Promise<Ended> {
  try {
    return (await work) ?? 'no hold';
  } catch (error) {
    if (error instanceof Crash) return 'crashed';
    if (error instanceof RewoundError && ['CREDITS_INSUFFICIENT', 'CONFLICT'].includes(error.code)) return 'refused';
    throw error;
  }
}

describe('whoever writes at the same time, dies between two writes and comes again', () => {
  const faults = fc.array(fc.constantFrom<Fault[]>('none', 'none', 'none', 'lost', 'dies after'), { maxLength: 12 });

  test('the ledger is sound, and everything is in it once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { maxLength: 4 }),
        fc.array(faults, { minLength: WRITERS, maxLength: WRITERS }),
        async (scheduler, rounds, plans) => {
          const records = memoryRecords();
          // Each is a process of its own: no two share a queue.
          const writers = plans.map((plan) => ({
            clock,
            pause,
            records: seenBy(records, () => scheduler.schedule(Promise.resolve()), [...plan]),
          }));
          const later: Act[] = [];
          for (const round of rounds) {
            const all = Promise.all(round.map((one) => ending(perform(writers[one.writer]!, one))));
            const ended = await scheduler.waitFor(all);
            const booked = await bookedIn(records, ACCOUNT);
            expectSound(booked);
            for (const [place, end] of ended.entries()) {
              if (end === 'crashed') later.push(round[place]!);
              else if (typeof end === 'object') expect(booked).toContainEqual(end);
            }
          }
          // Delivered again, in another order, by somebody else: as often as it likes.
          for (const one of [...later.reverse(), ...later]) {
            expect(await ending(perform({ records, clock, pause }, one))).not.toBe('crashed');
          }
          const booked = await bookedIn(records, ACCOUNT);
          const balances = expectSound(booked);
          const acts = rounds.flat();
          const once = (what: Act['do'], prefix: string) => {
            const wanted = new Set(acts.filter((one) => one.do === what).map(({ which }) => `${prefix}${which}`));
            const got = booked.filter(({ transaction }) => transaction.startsWith(prefix));
            expect(new Set(got.map(({ transaction }) => transaction))).toEqual(wanted);
            return got.reduce((sum, { postings }) => sum + postings[1]!.credits, 0);
          };
          expect(balances.purchased || 0).toBe(-once('purchase', 'stripe-cs_') || 0);
          expect(balances.granted || 0).toBe(-once('grant', 'grant-') || 0);
          // Whatever was settled can be held no more, and is settled for good.
          for (const { which } of acts.filter((one) => one.do === 'settle')) {
            const before = await bookedIn(records, ACCOUNT);
            const again = perform({ records, clock, pause }, { do: 'hold', which, credits: 1, writer: 0 });
            expect([...before, 'refused']).toContainEqual(await ending(again));
            expect(await bookedIn(records, ACCOUNT)).toEqual(before);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('with credits for one, one of two audits is held', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const records = memoryRecords();
        await grant({ records, clock }, ACCOUNT, { id: 'first', credits: 100 });
        const starts = ['aud_a', 'aud_a', 'aud_b', 'aud_b'].map((audit) => {
          const own = seenBy(records, () => scheduler.schedule(Promise.resolve()));
          return ending(hold({ records: own, clock, pause }, ACCOUNT, audit, 60));
        });
        const ended = await scheduler.waitFor(Promise.all(starts));
        // Both deliveries of a start have the same answer, whichever of the two was first.
        expect(ended.map((end) => typeof end)).toEqual(
          typeof ended[0] === 'object'
            ? ['object', 'object', 'string', 'string']
            : ['string', 'string', 'object', 'object'],
        );
        expect(expectSound(await bookedIn(records, ACCOUNT))).toMatchObject({ available: 40, held: 60 });
      }),
      { numRuns: 200 },
    );
  });

  test('cancelling races starting: it is held and settled, or neither', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const records = memoryRecords();
        await grant({ records, clock }, ACCOUNT, { id: 'first', credits: 100 });
        const own = () => ({ clock, pause, records: seenBy(records, () => scheduler.schedule(Promise.resolve())) });
        const work = [hold(own(), ACCOUNT, 'aud_a', 60), settle(own(), ACCOUNT, 'aud_a', 10)];
        const [start, end] = await scheduler.waitFor(Promise.all(work.map(ending)));
        if (typeof start === 'object') expect(end).toMatchObject({ kind: 'capture' });
        else expect([start, end]).toEqual(['refused', 'no hold']);
        seen.add(typeof start);
        expect(expectSound(await bookedIn(records, ACCOUNT)).held).toBe(0);
      }),
      { numRuns: 100 },
    );
    expect([...seen].sort()).toEqual(['object', 'string']);
  });
});

test('many at once in one process queue, and lose no race', async () => {
  const platform = openLocal({ folder: tempDir() });
  const { records } = platform;
  let lost = 0;
  const context = { ...platform, pause: async () => void lost++ };
  await grant(context, ACCOUNT, { id: 'first', credits: 100 });
  const starts = Array.from({ length: 60 }, (_, n) => ending(hold(context, ACCOUNT, `aud_${n % 30}`, 5)));
  const ended = await Promise.all(starts);
  expect(ended.filter((end) => end === 'refused')).toHaveLength(20);
  expect(expectSound(await bookedIn(records, ACCOUNT))).toMatchObject({ available: 0, held: 100 });
  expect(lost).toBe(0);
  await platform.close();
});

test('a transaction of long ago is found by where it stands, or by looking for it', async () => {
  const records = memoryRecords();
  const first = await grant({ records, clock }, ACCOUNT, { id: 'first', credits: 1 });
  // Dies when the entry is there and its place is not noted.
  const dying = seenBy(records, async () => {}, ['none', 'none', 'lost']);
  await expect(grant({ records: dying, clock }, ACCOUNT, { id: 'second', credits: 2 })).rejects.toThrow(Crash);
  for (let n = 0; n < 250; n++) await grant({ records, clock }, ACCOUNT, { id: `more-${n}`, credits: 3 });
  const lists = { count: 0 };
  const counting = around(records, {
    list(go) {
      lists.count++;
      return go();
    },
  });
  expect(await grant({ records: counting, clock }, ACCOUNT, { id: 'first', credits: 1 })).toEqual(first);
  expect(lists.count).toBe(1);
  const second = await grant({ records: counting, clock }, ACCOUNT, { id: 'second', credits: 2 });
  expect(second).toMatchObject({ seq: 2, postings: [{ credits: -2 }, { credits: 2 }] });
  expect(lists.count).toBeGreaterThan(3);
  lists.count = 0;
  expect(await grant({ records: counting, clock }, ACCOUNT, { id: 'second', credits: 2 })).toEqual(second);
  expect(lists.count).toBe(1);
  expectSound(await bookedIn(records, ACCOUNT));
});

test('a ledger that somebody changed by hand is not written to', async () => {
  const records = memoryRecords();
  const context = { records, clock };
  await grant(context, ACCOUNT, { id: 'first', credits: 1 });
  await grant(context, ACCOUNT, { id: 'second', credits: 1 });
  const [second] = await entries(context, ACCOUNT, { limit: 1 });
  const path = (await firstPath(records))!;
  await records.delete(path);
  await records.create(path, { ...second!, transaction: 'grant-other' });
  await expect(grant(context, ACCOUNT, { id: 'second', credits: 1 })).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('who always loses gives up for now', async () => {
  const records = memoryRecords();
  const hopeless = around(records, {
    create: async (go, path) => (path.includes('/ledger/') ? false : go()),
  });
  const pauses: number[] = [];
  const context = { records: hopeless, clock, pause: async (lost: number) => void pauses.push(lost) };
  await expect(grant(context, ACCOUNT, { id: 'first', credits: 1 })).rejects.toMatchObject({
    code: 'PLATFORM_UNAVAILABLE',
    transient: true,
  });
  expect(pauses).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
});

test.each(['grant-', 'grant-a/b', 'grant-ä', `grant-${'a'.repeat(201)}`])(
  '%s is no id of a transaction',
  async (id) => {
    const booking = transact({ records: memoryRecords(), clock }, ACCOUNT, id, () => ({
      kind: 'grant',
      audit: null,
      postings: [],
    }));
    await expect(booking).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  },
);

test('what would overdraw or does not sum to 0 cannot be booked', async () => {
  const records = memoryRecords();
  const book = (id: string, available: number, held: number) =>
    transact({ records, clock }, ACCOUNT, `test-${id}`, () => ({
      kind: 'hold',
      audit: null,
      postings: [
        { account: 'available', credits: available },
        { account: 'held', credits: held },
      ],
    }));
  await expect(book('overdrawn', -1, 1)).rejects.toThrow();
  await expect(book('unbalanced', 1, 1)).rejects.toThrow();
  expect(await bookedIn(records, ACCOUNT)).toEqual([]);
});

test('entries list newest first, however many', async () => {
  const records = memoryRecords();
  for (let n = 1; n <= 230; n++) await grant({ records, clock }, ACCOUNT, { id: String(n), credits: n });
  const older: number[] = [];
  for await (const { seq } of chainOf(records, ACCOUNT).olderThan(226, 500)) older.push(seq);
  expect(older).toEqual(Array.from({ length: 225 }, (_, n) => 225 - n));
  const beyond: number[] = [];
  for await (const { seq } of chainOf(records, ACCOUNT).olderThan(1e15, 3)) beyond.push(seq);
  expect(beyond).toEqual([230, 229, 228]);
});

test('what one waits for in a queue may fail, and the next goes on', async () => {
  const queue = new KeyedQueue();
  const order: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const all = await Promise.allSettled([
    queue.run('a', work('1', true)),
    queue.run('a', work('2')),
    queue.run('b', work('3')),
  ]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(order).toEqual(['1 begins', '3 begins', '1 ends', '3 ends', '2 begins', '2 ends']);
});

async function firstPath(records: Records): Promise<string | undefined> {
  for await (const { path } of records.list(`accounts/${ACCOUNT}/ledger`, { limit: 1 })) return path;
  return undefined;
}
