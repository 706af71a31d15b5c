import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RewoundError } from '../../../shared/errors.ts';
import { openLocal } from '../../../shared/platform/local/index.ts';
import {
  availableAround,
  balanceOf,
  entries,
  grant,
  hold,
  holdFree,
  purchase,
  settle,
} from '../../../shared/service/billing/credits.ts';
import type { Entry } from '../../../shared/service/billing/ledger/entry.ts';
import { memoryRecords } from '../../support/cloud/memory.ts';
import { tempDir } from '../../support/temp.ts';
import { bookedIn, expectSound } from '../books.ts';

const ACCOUNT = 'acc_test';
const NOW = Date.UTC(2026, 0, 1);

function fresh() {
  return { records: memoryRecords(), clock: { now: () => NOW } };
}

async function withCredits(credits: number) {
  const context = fresh();
  await purchase(context, ACCOUNT, { payment: 'cs_1', credits });
  return context;
}

test('an account without entries has nothing', async () => {
  const context = fresh();
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 0, held: 0, spent: 0 });
  expect(await entries(context, ACCOUNT, { limit: 10 })).toEqual([]);
});

test('what is bought is held, captured, and the rest released, by one entry each', async () => {
  const context = await withCredits(1000);
  expect(await hold(context, ACCOUNT, 'aud_1', 300)).toEqual({
    seq: 2,
    transaction: 'hold-aud_1',
    kind: 'hold',
    at: NOW,
    audit: 'aud_1',
    postings: [
      { account: 'available', credits: -300 },
      { account: 'held', credits: 300 },
    ],
    balances: { available: 700, held: 300, spent: 0, purchased: -1000, granted: 0 },
  });
  expect(await settle(context, ACCOUNT, 'aud_1', 200)).toMatchObject({
    transaction: 'settle-aud_1',
    kind: 'capture',
    postings: [
      { account: 'held', credits: -300 },
      { account: 'spent', credits: 200 },
      { account: 'available', credits: 100 },
    ],
  });
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 800, held: 0, spent: 200 });
});

test('an audit that costs nothing releases all', async () => {
  const context = await withCredits(1000);
  await hold(context, ACCOUNT, 'aud_1', 300);
  expect(await settle(context, ACCOUNT, 'aud_1', 0)).toMatchObject({ kind: 'release' });
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 1000, held: 0, spent: 0 });
});

test('a charge is never more than the hold', async () => {
  const context = await withCredits(1000);
  await hold(context, ACCOUNT, 'aud_1', 300);
  await settle(context, ACCOUNT, 'aud_1', 301);
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 700, held: 0, spent: 300 });
});

test('too few credits are refused in numbers, and nothing is written', async () => {
  const context = await withCredits(100);
  const before = await everything(context);
  await expect(hold(context, ACCOUNT, 'aud_1', 101)).rejects.toMatchObject({
    code: 'CREDITS_INSUFFICIENT',
    message: 'The audit needs 101 credits, and 100 are available.',
  });
  expect(await everything(context)).toEqual(before);
  await grant(context, ACCOUNT, { id: 'welcome', credits: 1 });
  expect((await hold(context, ACCOUNT, 'aud_1', 101)).balances.available).toBe(0);
});

test('a hold that comes again when all is spent is the hold of the first time', async () => {
  const context = await withCredits(100);
  const first = await hold(context, ACCOUNT, 'aud_1', 100);
  expect(await hold(context, ACCOUNT, 'aud_1', 100)).toEqual(first);
  await settle(context, ACCOUNT, 'aud_1', 100);
  expect(await hold(context, ACCOUNT, 'aud_1', 100)).toEqual(first);
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 0, held: 0, spent: 100 });
});

test('an audit that was settled before it was held can be held no more', async () => {
  const context = await withCredits(100);
  expect(await settle(context, ACCOUNT, 'aud_1', 0)).toBeUndefined();
  expect(await settle(context, ACCOUNT, 'aud_1', 50)).toBeUndefined();
  for (const again of [hold, holdFree]) {
    await expect(again(context, ACCOUNT, 'aud_1', 10)).rejects.toMatchObject({ code: 'CONFLICT' });
  }
  expect(await entries(context, ACCOUNT, { limit: 1 })).toMatchObject([
    { kind: 'release', postings: [], audit: 'aud_1' },
  ]);
  expect(await balanceOf(context, ACCOUNT)).toEqual({ available: 100, held: 0, spent: 0 });
});

describe('where credits are free', () => {
  test('what is missing is granted, no more, and what was released is used first', async () => {
    const context = fresh();
    await holdFree(context, ACCOUNT, 'aud_1', 300);
    await holdFree(context, ACCOUNT, 'aud_1', 300);
    await settle(context, ACCOUNT, 'aud_1', 200);
    await holdFree(context, ACCOUNT, 'aud_2', 250);
    await settle(context, ACCOUNT, 'aud_2', 0);
    await holdFree(context, ACCOUNT, 'aud_3', 250);
    expect(expectSound(await bookedIn(context.records, ACCOUNT))).toEqual({
      available: 0,
      held: 250,
      spent: 200,
      purchased: 0,
      granted: -450,
    });
  });

  test('many at once are all held', async () => {
    const context = fresh();
    await Promise.all(Array.from({ length: 20 }, (_, n) => holdFree(context, ACCOUNT, `aud_${n}`, 7)));
    expect(expectSound(await bookedIn(context.records, ACCOUNT))).toMatchObject({ held: 140, granted: -140 });
  });
});

test('an entry says what was available before it and after', async () => {
  const context = await withCredits(1000);
  expect(availableAround((await entries(context, ACCOUNT, { limit: 1 }))[0]!)).toEqual({ before: 0, after: 1000 });
  expect(availableAround(await hold(context, ACCOUNT, 'aud_1', 600))).toEqual({ before: 1000, after: 400 });
  expect(availableAround(await holdFree(context, ACCOUNT, 'aud_2', 500))).toEqual({ before: 400, after: 0 });
});

test('entries come by the page, the newest first', async () => {
  const context = fresh();
  for (let n = 1; n <= 5; n++) await grant(context, ACCOUNT, { id: String(n), credits: n });
  const page = async (after?: number) =>
    (await entries(context, ACCOUNT, { after, limit: 2 })).map(({ seq, transaction }) => [seq, transaction]);
  expect(await page()).toEqual([
    [5, 'grant-5'],
    [4, 'grant-4'],
  ]);
  expect(await page(4)).toEqual([
    [3, 'grant-3'],
    [2, 'grant-2'],
  ]);
  expect(await page(2)).toEqual([[1, 'grant-1']]);
  expect(await page(1)).toEqual([]);
});

test('accounts know nothing of each other', async () => {
  const context = await withCredits(1000);
  await expect(hold(context, 'acc_other', 'aud_1', 1)).rejects.toMatchObject({ code: 'CREDITS_INSUFFICIENT' });
  await purchase(context, 'acc_other', { payment: 'cs_1', credits: 5 });
  expect(await balanceOf(context, 'acc_other')).toEqual({ available: 5, held: 0, spent: 0 });
});

test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])(
  '%s is no number of credits',
  async (credits) => {
    const context = await withCredits(10);
    const booking = { payment: 'cs_2', id: '2', credits };
    for (const refused of [
      () => purchase(context, ACCOUNT, booking),
      () => grant(context, ACCOUNT, booking),
      () => hold(context, ACCOUNT, 'aud_1', credits),
      () => settle(context, ACCOUNT, 'aud_1', credits || -1),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  },
);

interface Act {
  readonly do: 'purchase' | 'grant' | 'hold' | 'holdFree' | 'settle';
  readonly which: number;
  /** Of a hold or an end. */
  readonly credits: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('purchase', 'grant', 'hold', 'hold', 'settle', 'settle', 'holdFree'),
  which: fc.nat(4),
  credits: fc.integer({ min: 1, max: 60 }),
});

/** The same rules on three numbers and a map, without any store. */
class Model {
  available = 0;
  held = 0;
  spent = 0;
  private readonly seen = new Set<string>();
  private readonly audits = new Map<number, number | 'ended'>();

  apply(act: Act): string {
    if (act.do === 'purchase' || act.do === 'grant') {
      const name = `${act.do} ${act.which}`;
      if (!this.seen.has(name)) this.available += worth(act.which);
      this.seen.add(name);
      return act.do;
    }
    const state = this.audits.get(act.which);
    if (act.do === 'settle') {
      this.audits.set(act.which, 'ended');
      if (state === undefined) this.seen.add(`never held ${act.which}`);
      if (this.seen.has(`never held ${act.which}`)) return 'nothing';
      if (typeof state === 'number') {
        const captured = Math.min(act.credits, state);
        this.held -= state;
        this.spent += captured;
        this.available += state - captured;
      }
      return 'capture';
    }
    if (this.seen.has(`never held ${act.which}`)) return 'CONFLICT';
    if (state !== undefined) return 'hold';
    if (act.do === 'holdFree') this.available = Math.max(this.available, act.credits);
    if (this.available < act.credits) return 'CREDITS_INSUFFICIENT';
    this.available -= act.credits;
    this.held += act.credits;
    this.audits.set(act.which, act.credits);
    return 'hold';
  }
}

/** What comes with an id is the same whenever it comes. */
function worth(which: number): number {
  return 10 + 15 * which;
}

test.each([
  ['memory', fresh, 300],
  ['SQLite', () => openLocal({ folder: tempDir() }), 15],
])('in any order and however often, on %s, it ends as the rules say', async (_, open, numRuns) => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 30, size: 'max' }), async (acts) => {
      const context = open();
      const model = new Model();
      for (const one of acts) {
        expect(await ending(perform(context, one))).toBe(model.apply(one));
        const { available, held, spent } = model;
        expect(await balanceOf(context, ACCOUNT)).toEqual({ available, held, spent });
      }
      expectSound(await bookedIn(context.records, ACCOUNT));
      if ('close' in context) context.close();
    }),
    { numRuns },
  );
});

function perform(context: ReturnType<typeof fresh>, act: Act): Promise<Entry | undefined> {
  const audit = `aud_${act.which}`;
  switch (act.do) {
    case 'purchase':
      return purchase(context, ACCOUNT, { payment: `cs_${act.which}`, credits: worth(act.which) });
    case 'grant':
      return grant(context, ACCOUNT, { id: String(act.which), credits: worth(act.which) });
    case 'hold':
      return hold(context, ACCOUNT, audit, act.credits);
    case 'holdFree':
      return holdFree(context, ACCOUNT, audit, act.credits);
    case 'settle':
      return settle(context, ACCOUNT, audit, act.credits);
  }
}

async function ending(work: Promise<Entry | undefined>): Promise<string> {
  try {
    return (await work)?.kind ?? 'nothing';
  } catch (error) {
    if (error instanceof RewoundError) return error.code;
    throw error;
  }
}

async function everything({ records }: ReturnType<typeof fresh>) {
  const found: unknown[] = [];
  for (const collection of ['ledger', 'transactions']) {
    for await (const snapshot of records.list(`accounts/${ACCOUNT}/${collection}`)) found.push(snapshot);
  }
  return found;
}
