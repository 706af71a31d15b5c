import { describe, expect, test } from 'vitest';
import { RewoundError } from '../../../shared/errors.ts';
import { stopAudit } from '../../../shared/pipeline/runs/run.ts';
import { changeAccount } from '../../../shared/service/accounts/accounts.ts';
import { readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { cancelled, settleAudit, settleRun } from '../../../shared/service/audits/settle.ts';
import { balanceOf, purchase } from '../../../shared/service/billing/credits.ts';

import { DAY_MS, dying, HostedWorld, MEMBERS, SMALL, smallFiles } from '../../support/service/hosted-world.ts';
import { stubCompute } from '../../support/stub-compute.ts';
import { bookedIn, expectSound } from '../books.ts';

const STRIPE = { stripe: { apiKey: 'sk_test_1', webhookSecret: 'whsec_1' } };

/** The stub engine, with a generator that takes so long for a sample. */
function slow(sampleMs: number) {
  const stub = stubCompute();
  return stubCompute({ calibrate: async (request) => ({ ...(await stub.calibrate(request)), sampleMs }) });
}

/** A world whose account has bought credits, with an audit that is started and not planned yet. */
async function bought(credits: number, body: object = SMALL, sampleMs = 1) {
  const world = new HostedWorld(STRIPE, { compute: slow(sampleMs) });
  const { account, key } = await world.account();
  await purchase(world.context, account, { payment: 'cs_1', credits });
  const id = await world.start(account, key, body);
  const look = async () => (await world.ask(key, 'GET', `/v1/audits/${id}`)).body;
  return { world, account, key, id, look };
}

const LARGE = { ...SMALL, settings: { samples: 200_000, fresh: 2_000, batch: 1024 } };

test('an audit whose report is gone before it was settled has no result, and costs nothing', async () => {
  const { world, account, look } = await bought(1000);
  await world.runUntilEnded();
  for await (const { key } of world.context.objects.list('report/')) await world.context.objects.delete(key);
  await world.run();
  expect(await look()).toMatchObject({ state: 'FAILED', verdict: null, charged: 0, error: { code: 'NOT_FOUND' } });
  expect(await balanceOf(world.context, account)).toEqual({ available: 1000, held: 0, spent: 0 });
});

test('what an account keeps is what it kept when the audit ended', async () => {
  const { world, account, id, look } = await bought(1000);
  await changeAccount(world.context, account, { retention: { uploads: 'report', workDays: 3 } });
  await world.run();
  const uploads = async () => {
    const keys: string[] = [];
    for await (const { key } of world.context.objects.list(`drop/${account}/${id}/`)) keys.push(key);
    return keys.length;
  };
  const before = await uploads();
  expect(before).toBeGreaterThan(0);
  await changeAccount(world.context, account, { retention: { uploads: 'end', workDays: 0 } });
  const { state } = await look();
  await settleAudit(world.context, account, id, { state, error: null });
  expect(await uploads()).toBe(before);
});

describe('what an audit costs', () => {
  test('DONE: what was measured, and the rest is available again', async () => {
    const { world, account, look } = await bought(1000);
    const { quote } = await look();
    expect(await balanceOf(world.context, account)).toEqual({
      available: 1000 - quote.credits,
      held: quote.credits,
      spent: 0,
    });
    await world.run();
    const { state, charged } = await look();
    expect(state).toBe('DONE');
    expect(charged).toBeGreaterThanOrEqual(100);
    expect(charged).toBeLessThan(quote.credits);
    expect(await balanceOf(world.context, account)).toEqual({ available: 1000 - charged, held: 0, spent: charged });
    expectSound(await bookedIn(world.context.records, account));
  });

  test('DONE at a speed above the quote, where credits are free: the quote', async () => {
    const world = new HostedWorld({}, { compute: slow(400) });
    const { account, key } = await world.account();
    const id = await world.start(account, key, { ...SMALL, msPerSample: 1 });
    await world.run();
    const { body } = await world.ask(key, 'GET', `/v1/audits/${id}`);
    expect(body).toMatchObject({ state: 'DONE', charged: body.quote.credits });
    expectSound(await bookedIn(world.context.records, account));
  });

  test('REJECTED, by a generator that is slower than quoted: nothing, and no sample is made', async () => {
    const { world, account, look } = await bought(100_000, { ...LARGE, msPerSample: 10 }, 40);
    await world.run();
    const { state, charged, error, quote } = await look();
    expect({ state, charged, code: error.code }).toEqual({ state: 'REJECTED', charged: 0, code: 'QUOTE_EXCEEDED' });
    expect(error.message).toMatch(
      new RegExp(`^The generator takes 40.0 ms a sample: .* ${quote.credits} were quoted.$`),
    );
    expect(world.compute.calls.probe).toBe(0);
    expect(await balanceOf(world.context, account)).toEqual({ available: 100_000, held: 0, spent: 0 });
    expect(await world.announced(account)).toEqual(['audit.failed']);
  });

  test.for([
    ['REJECTED', 'CHECKPOINT_CORRUPT'],
    ['FAILED', 'ENGINE_CRASHED'],
  ] as const)('%s: nothing', async ([state, code]) => {
    const fail = async () => {
      throw new RewoundError(code, 'It cannot be used.', { help: 'Use another one.' });
    };
    const world = new HostedWorld(STRIPE, { compute: stubCompute({ calibrate: fail }) });
    const { account, key } = await world.account();
    await purchase(world.context, account, { payment: 'cs_1', credits: 1000 });
    const id = await world.start(account, key);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({
      state,
      charged: 0,
      error: { code },
    });
    expect(await balanceOf(world.context, account)).toEqual({ available: 1000, held: 0, spent: 0 });
    expect(await world.announced(account)).toEqual(['audit.failed']);
  });

  test('where credits are free what is held is granted, and the books balance', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    for (let i = 0; i < 2; i++) await world.start(account, key, SMALL, smallFiles());
    await world.run();
    const balances = expectSound(await bookedIn(world.context.records, account));
    expect(balances).toMatchObject({ held: 0, purchased: 0 });
    expect(balances.granted).toBe(-(balances.available + balances.spent));
  });
});

test('an end that is told again and again, late and with other words, counts once', async () => {
  const { world, account, id, look } = await bought(1000);
  await world.run();
  const before = await look();
  const { planned } = await readHosted(world.context, account, id);
  world.hosted.clock.advance(3 * DAY_MS);
  await settleRun(world.context, { version: 1, hops: 0, audit: planned!.run });
  await settleAudit(world.context, account, id, { state: 'CANCELLED', error: cancelled() });
  await stopAudit(world.context, planned!.run, 'FAILED', cancelled());
  await world.run();
  expect(await look()).toEqual(before);
  expect(await world.announced(account)).toHaveLength(2);
  expect(await bookedIn(world.context.records, account)).toHaveLength(3);
});

test('a process that dies over any write of the end is followed by one that ends it the same', async () => {
  let ends: object | undefined;
  for (let n = 1; ; n++) {
    const { world, account, id, look } = await bought(1000);
    const settle = await world.runUntilEnded();
    const context = dying(world.context, n);
    await settleRun(context, settle).catch(() => undefined);
    // The message comes again.
    await world.run();
    const { state, verdict, charged } = await look();
    ends ??= { state, verdict, charged };
    expect({ state, verdict, charged }, `write ${n}`).toEqual(ends);
    const entries = await bookedIn(world.context.records, account);
    expectSound(entries);
    expect(
      entries.filter(({ audit }) => audit === id).map(({ kind }) => kind),
      `write ${n}`,
    ).toEqual(['hold', 'capture']);
    expect((await world.announced(account)).sort(), `write ${n}`).toEqual(['audit.finished', 'audit.planned']);
    const left: string[] = [];
    for (const area of ['drop/', 'gallery/'])
      for await (const { key } of world.context.objects.list(area)) left.push(key);
    expect(left, `write ${n}`).toEqual([]);
    const reminders: string[] = [];
    for await (const { path } of world.context.records.list('agenda')) reminders.push(path);
    for (const about of ['report', 'work', 'remains'])
      expect(reminders.join(), `write ${n}`).toContain(`${about}-${id}`);
    if (!context.died()) {
      expect(n).toBeGreaterThan(10);
      return;
    }
  }
});

test('a process that dies over any write of planning is followed by one that plans the same', async () => {
  for (let n = 1; ; n++) {
    const world = new HostedWorld(STRIPE);
    const { account, key } = await world.account();
    await purchase(world.context, account, { payment: 'cs_1', credits: 1000 });
    const id = await world.start(account, key);
    let died: (() => boolean) | undefined;
    world.wrap = (platform) => {
      if (died) return platform;
      const context = dying(platform, n);
      died = context.died;
      return context;
    };
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body, `write ${n}`).toMatchObject({ state: 'DONE' });
    expect((await world.announced(account)).sort(), `write ${n}`).toEqual(['audit.finished', 'audit.planned']);
    const entries = await bookedIn(world.context.records, account);
    expectSound(entries);
    expect(
      entries.map(({ kind }) => kind),
      `write ${n}`,
    ).toEqual(['purchase', 'hold', 'capture']);
    if (!died?.()) return;
  }
});

test('no event names a person, a file or a credit card', async () => {
  const { world, account, id } = await bought(1000, { ...SMALL, label: 'the label' });
  await world.run();
  const texts: string[] = [];
  for await (const { fields } of world.context.records.list(`accounts/${account}/deliveries`))
    texts.push(String(fields.payload));
  expect(texts).toHaveLength(2);
  for (const text of texts) {
    expect(JSON.parse(text).data).toMatchObject({ audit: id, label: 'the label' });
    for (const word of [...MEMBERS, 'secret-project', 'portrait', 'drop/', 'rwk_']) expect(text).not.toContain(word);
  }
});
