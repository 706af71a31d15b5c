import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { RewoundError } from '../../shared/errors.ts';
import { openGoogle } from '../../shared/platform/google/index.ts';
import { balanceOf, hold, purchase, settle } from '../../shared/service/billing/credits.ts';
import { type Entry, moved } from '../../shared/service/billing/ledger/entry.ts';
import { hasEmulator, startFirestore } from '../support/emulators/index.ts';
import { tempDir } from '../support/temp.ts';
import { bookedIn, expectSound } from './books.ts';

const ACCOUNT = 'acc_test';
const INSTANCES = 4;
const AUDITS = 200;
const QUOTE = 150;
/** Credits for so many of them. */
const PAID = 120;

describe.skipIf(!hasEmulator('firestore'))('Firestore', () => {
  let firestore: Awaited<ReturnType<typeof startFirestore>>;
  beforeAll(async () => {
    firestore = await startFirestore();
  });
  afterAll(() => firestore.stop());

  test('200 audits start at once on four instances with credits for 120: 120 are held, each is charged once', async () => {
    const project = `test-${randomUUID()}`;
    // Each has a client and a queue of its own, as instances in the cloud do.
    const instances = Array.from({ length: INSTANCES }, () => {
      const platform = openGoogle({
        project,
        bucket: project,
        topicPrefix: 't-',
        accountsDatabaseId: 'accounts',
        cacheFolder: tempDir(),
      });
      onTestFinished(() => platform.close());
      return { records: platform.records, clock: { now: () => 0 } };
    });
    const audits = Array.from({ length: AUDITS }, (_, n) => `aud_${n}`);
    /** Everything is delivered twice at the same time, to two instances. */
    const twice = <T>(work: (context: (typeof instances)[number], audit: string, n: number) => Promise<T>) =>
      Promise.all(
        audits.map((audit, n) => Promise.all([0, 1].map((more) => work(instances[(n + more) % INSTANCES]!, audit, n)))),
      );

    const payment = { payment: 'cs_test', credits: PAID * QUOTE };
    await Promise.all(instances.map((context) => purchase(context, ACCOUNT, payment)));

    const starts = await twice((context, audit) => hold(context, ACCOUNT, audit, QUOTE).catch(refusal));
    for (const [one, other] of starts) expect(one).toEqual(other);
    const held = starts.flatMap(([one], n) => (one === 'CREDITS_INSUFFICIENT' ? [] : [n]));
    expect(held).toHaveLength(PAID);
    expect(await balanceOf(instances[0]!, ACCOUNT)).toEqual({ available: 0, held: PAID * QUOTE, spent: 0 });

    const charge = (n: number) => n % (QUOTE + 20);
    const ends = await twice((context, audit, n) => settle(context, ACCOUNT, audit, charge(n)));
    for (const [one, other] of ends) expect(one).toEqual(other);
    expect(ends.flatMap(([end], n) => (end ? [n] : []))).toEqual(held);

    const booked = await bookedIn(instances[0]!.records, ACCOUNT);
    const balances = expectSound(booked);
    const charged = held.reduce((sum, n) => sum + Math.min(QUOTE, charge(n)), 0);
    expect(balances).toEqual({
      available: PAID * QUOTE - charged,
      held: 0,
      spent: charged,
      purchased: -PAID * QUOTE,
      granted: 0,
    });
    for (const n of held) {
      const of = booked.filter(({ audit }) => audit === audits[n]);
      expect(of.map((entry) => moved(entry, 'spent'))).toEqual([0, Math.min(QUOTE, charge(n))]);
    }
    // One purchase, a hold and an end of each that was held, and an end before the start of each other.
    expect(booked).toHaveLength(1 + 2 * PAID + (AUDITS - PAID));
  });
});

function refusal(error: unknown): Entry | string {
  if (error instanceof RewoundError) return error.code;
  throw error;
}
