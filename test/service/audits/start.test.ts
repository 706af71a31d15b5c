import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { HOSTED_STATES, readHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { cancelAudit, startAudit } from '../../../shared/service/audits/start.ts';
import { balanceOf, purchase } from '../../../shared/service/billing/credits.ts';

import { dying, HostedWorld, PHOTOS, SMALL, smallFiles } from '../../support/service/hosted-world.ts';
import { bookedIn, expectSound } from '../books.ts';

const STRIPE = { stripe: { apiKey: 'sk_test_1', webhookSecret: 'whsec_1' } };
const DAYS_9 = 9 * 24 * 3_600_000;

/** Kinds of the entries about an audit, the first one first; the books balance. */
async function booked({ context }: HostedWorld, account: string, audit: string): Promise<string[]> {
  const entries = await bookedIn(context.records, account);
  expectSound(entries);
  return entries.filter((entry) => entry.audit === audit).map(({ kind }) => kind);
}

describe('starting', () => {
  test('needs exactly one checkpoint, and no more photos than were quoted', async () => {
    const { ask, context, ...world } = new HostedWorld().hosted;
    const { account, key } = await world.account();
    const { body } = await ask(key, 'POST', '/v1/audits', { ...SMALL, photos: 1 });
    const path = `/v1/audits/${body.id}/start`;
    const put = (file: string) => context.objects.put(`drop/${account}/${body.id}/${file}`, Buffer.from('x'));
    expect((await ask(key, 'POST', path)).body).toMatchObject({ status: 409, detail: 'No checkpoint was uploaded.' });
    await put('checkpoints/a.pkl');
    await put('checkpoints/a.pkl.card.json');
    await put('checkpoints/b.pkl');
    expect((await ask(key, 'POST', path)).body.detail).toBe('2 checkpoints were uploaded.');
    await context.objects.delete(`drop/${account}/${body.id}/checkpoints/b.pkl`);
    await put('members/x/1.jpg');
    await put('placebo/y/1.jpg');
    expect((await ask(key, 'POST', path)).body.detail).toBe('2 photos were uploaded, and 1 were quoted.');
    expect((await ask(key, 'GET', '/v1/ledger')).body.items).toEqual([]);
    await context.objects.delete(`drop/${account}/${body.id}/placebo/y/1.jpg`);
    expect((await ask(key, 'POST', path)).status).toBe(202);
  });

  test('at the same time, or again, is one start', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    const starts = await Promise.all(Array.from({ length: 5 }, () => world.ask(key, 'POST', `/v1/audits/${id}/start`)));
    expect(starts.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await world.run();
    const again = await world.ask(key, 'POST', `/v1/audits/${id}/start`);
    expect(again.body).toMatchObject({ status: 409, detail: 'The audit has ended.' });
    await world.run();
    expect(await booked(world, account, id)).toEqual(['hold', 'capture']);
    expect((await world.announced(account)).sort()).toEqual(['audit.finished', 'audit.planned']);
    expect(world.compute.calls).toMatchObject({ calibrate: 1, probe: 2 });
  });

  test('asked for again and again has nothing planned again', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    const again = async () => {
      for (let i = 0; i < 10; i++) expect((await world.ask(key, 'POST', `/v1/audits/${id}/start`)).status).toBe(202);
    };
    await again();
    await world.run((topic) => topic === TOPICS.probe);
    await again();
    await world.run();
    expect(world.delivered.filter(({ topic }) => topic === TOPICS.plan)).toHaveLength(1);
  });

  test('whose plan was never published is planned within minutes', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    const mute = { ...world.context, events: { publish: () => Promise.reject(new Error('dead')) } };
    await expect(startAudit(mute, account, id)).rejects.toThrow('dead');
    await world.pass(5 * 60_000);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('DONE');
  });

  test('shows no state that lies before one it has shown', async () => {
    for (const files of [smallFiles(), { ...smallFiles(), 'checkpoints/secret-project.onnx': 'shows' }]) {
      const world = new HostedWorld();
      const { account, key } = await world.account();
      const id = await world.start(account, key, SMALL, files);
      const seen: number[] = [];
      const states: string[] = [];
      for (let step = 1; states.at(-1) !== 'DONE'; step++) {
        const { state } = (await world.ask(key, 'GET', `/v1/audits/${id}`)).body;
        states.push(state);
        seen.push(HOSTED_STATES.indexOf(state));
        await world.run(() => world.delivered.length >= step);
      }
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(states).toContain('ENDING');
    }
  });

  test('and failed while it was at work, shows that it ends until it is settled', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.run((topic) => topic === TOPICS.probe);
    const look = async () => (await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state;
    expect(await look()).toBe('PROBING');
    const { planned } = await readHosted(world.context, account, id);
    await world.context.events.publish(TOPICS.deadletter, { version: 1, audit: planned!.run });
    await world.runUntilEnded();
    expect(await look()).toBe('ENDING');
    await world.run();
    expect(await look()).toBe('FAILED');
  });

  test('with too few credits is refused, and goes on once there are enough', async () => {
    const world = new HostedWorld(STRIPE);
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    const headers = { 'idempotency-key': 'start-it' };
    const refused = await world.ask(key, 'POST', `/v1/audits/${id}/start`, undefined, headers);
    expect(refused.body).toMatchObject({
      status: 402,
      code: 'CREDITS_INSUFFICIENT',
      help: expect.stringMatching(/Buy/),
    });
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body.state).toBe('CREATED');
    await world.run();
    expect(world.compute.calls.inspect).toBe(0);
    await purchase(world.context, account, { payment: 'cs_1', credits: 1000 });
    expect((await world.ask(key, 'POST', `/v1/audits/${id}/start`, undefined, headers)).status).toBe(202);
    await world.run();
    const { body } = await world.ask(key, 'GET', `/v1/audits/${id}`);
    expect(body).toMatchObject({ state: 'DONE', verdict: 'LEAKAGE' });
    expect(body.charged).toBeGreaterThan(0);
    expect(body.charged).toBeLessThanOrEqual(body.quote.credits);
    expect(await balanceOf(world.context, account)).toEqual({
      available: 1000 - body.charged,
      held: 0,
      spent: body.charged,
    });
  });

  test('tells once that few credits are left', async () => {
    const world = new HostedWorld(STRIPE);
    const { account, key } = await world.account();
    await purchase(world.context, account, { payment: 'cs_1', credits: 600 });
    const first = await world.create(key);
    await world.put(account, first);
    for (let i = 0; i < 2; i++) await world.ask(key, 'POST', `/v1/audits/${first}/start`);
    expect(await world.announced(account)).toEqual(['credits.low']);
    // What is low already does not become low.
    await world.start(account, key);
    expect(await world.announced(account)).toEqual(['credits.low']);
    await world.run();
    expect((await world.announced(account)).filter((type) => type === 'credits.low')).toHaveLength(1);
  });

  test('is of one checkpoint: another that lands later starts nothing', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.put(account, id, { 'checkpoints/second.onnx': 'shows nobody' });
    await world.land(`drop/${account}/${id}/checkpoints/second.onnx`);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'DONE' });
    expect(world.compute.calls).toMatchObject({ calibrate: 1, probe: 2 });
  });

  test('does not count what lands beside the checkpoint, and refuses photos that were not quoted', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    // An address that was given out before the start, used after it.
    await world.put(account, id, { 'checkpoints/second.onnx': 'shows nobody', 'members/late/1.jpg': 'late 1' });
    await world.land(`drop/${account}/${id}/checkpoints/second.onnx`);
    await world.run();
    expect(world.compute.calls.probe).toBe(0);
    const { body } = await world.ask(key, 'GET', `/v1/audits/${id}`);
    expect(body).toMatchObject({ state: 'REJECTED', charged: 0, error: { code: 'QUOTE_EXCEEDED' } });
    expect(body.error.message).toBe(`${PHOTOS + 1} photos were uploaded, and ${PHOTOS} were quoted.`);
    expect(await booked(world, account, id)).toEqual(['hold', 'release']);
  });

  test('is no way to a second run for the same credits, and nothing of one stays', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, { ...SMALL, photos: PHOTOS + 5 });
    await world.run((topic) => topic === TOPICS.probe);
    await world.put(account, id, { 'members/late/1.jpg': 'late 1' });
    await world.ask(key, 'POST', `/v1/audits/${id}/start`);
    await world.run();
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'DONE' });
    expect(world.compute.calls).toMatchObject({ calibrate: 1, probe: 2 });
    expect(await booked(world, account, id)).toEqual(['hold', 'capture']);
    expect((await world.announced(account)).sort()).toEqual(['audit.finished', 'audit.planned']);
    const runs = new Set<string>();
    for (const area of ['work/', 'report/']) {
      for await (const { key: object } of world.context.objects.list(area)) runs.add(object.split('/')[1]!);
    }
    expect(runs.size).toBe(1);
    expect(await world.context.records.count('audits')).toBe(1);
    expect(await world.context.records.count('open-audits')).toBe(0);
  });
});

describe('a process that dies over a start', () => {
  const files = { 'checkpoints/g.onnx': 'shows nobody' };

  /** An audit without photos, so that the pipeline rejects it at once; `world` with the start's death behind it. */
  async function startAndDie(n: number) {
    const world = new HostedWorld(STRIPE);
    const { account, key } = await world.account();
    await purchase(world.context, account, { payment: 'cs_1', credits: 550 });
    const id = await world.create(key);
    await world.put(account, id, files);
    const context = dying(world.context, n);
    await startAudit(context, account, id).catch(() => undefined);
    return { world, account, key, id, died: context.died() };
  }

  test('is gone on with by the same request', async () => {
    for (let n = 1; ; n++) {
      const { world, account, key, id, died } = await startAndDie(n);
      if (!died) {
        expect(n).toBeGreaterThan(8);
        return;
      }
      const { status } = await world.ask(key, 'POST', `/v1/audits/${id}/start`);
      expect(status, `write ${n}`).toBe(202);
      await world.pass(DAYS_9);
      expect(await booked(world, account, id), `write ${n}`).toEqual(['hold', 'release']);
      expect((await world.announced(account)).sort(), `write ${n}`).toEqual(['audit.failed', 'credits.low']);
    }
  });

  test('leaves nothing held if nobody asks again', async () => {
    for (let n = 1; ; n++) {
      const { world, account, id, died } = await startAndDie(n);
      if (!died) return;
      await world.pass(DAYS_9);
      const kinds = await booked(world, account, id);
      // Without a hold, a release of nothing keeps one from ever coming.
      expect([['hold', 'release'], ['release']], `write ${n}`).toContainEqual(kinds);
      expect(await balanceOf(world.context, account), `write ${n}`).toEqual({ available: 550, held: 0, spent: 0 });
      const { outcome } = await readHosted(world.context, account, id);
      expect(['REJECTED', 'EXPIRED'], `write ${n}`).toContain(outcome?.state);
      const events = await world.announced(account);
      expect(
        events.filter((type) => type === 'audit.failed'),
        `write ${n}`,
      ).toHaveLength(1);
    }
  });
});

describe('cancelling', () => {
  test('what was never started costs nothing, and cannot be started any more', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.create(key);
    await world.put(account, id);
    const cancelled = await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    expect(cancelled.body).toMatchObject({ state: 'CANCELLED', charged: 0, error: { code: 'CANCELLED' } });
    expect((await world.ask(key, 'POST', `/v1/audits/${id}/start`)).status).toBe(409);
    expect((await world.ask(key, 'POST', `/v1/audits/${id}/cancel`)).body).toEqual(cancelled.body);
    await world.pass(DAYS_9);
    expect(await booked(world, account, id)).toEqual(['release']);
    expect(await world.announced(account)).toEqual(['audit.failed']);
  });

  test('before it is planned costs nothing', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    await world.pass(DAYS_9);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toMatchObject({ state: 'CANCELLED', charged: 0 });
    expect(world.compute.calls.inspect).toBe(0);
    expect(await booked(world, account, id)).toEqual(['hold', 'release']);
    expect(await world.announced(account)).toEqual(['audit.failed']);
  });

  test('while it runs is charged for what was done, at most', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key, { ...SMALL, settings: { samples: 5_000, fresh: 32, batch: 64 } });
    let probes = 0;
    await world.run((topic) => topic === TOPICS.probe && ++probes > 1);
    const { body: cancelled } = await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    expect(cancelled.state).toBe('CANCELLED');
    expect(cancelled.charged).toBeGreaterThan(0);
    expect(cancelled.charged).toBeLessThan(cancelled.quote.credits);
    await world.run();
    expect(world.compute.calls.probe).toBe(1);
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toEqual(cancelled);
    expect(await booked(world, account, id)).toEqual(['hold', 'capture']);
    expect((await world.announced(account)).sort()).toEqual(['audit.failed', 'audit.planned']);
  });

  test('after its end is refused, and changes nothing', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.run();
    const { body: before } = await world.ask(key, 'GET', `/v1/audits/${id}`);
    expect((await world.ask(key, 'POST', `/v1/audits/${id}/cancel`)).body).toMatchObject({
      status: 409,
      code: 'CONFLICT',
    });
    expect((await world.ask(key, 'GET', `/v1/audits/${id}`)).body).toEqual(before);
  });

  test('what has ended but is not settled yet keeps its result', async () => {
    const world = new HostedWorld();
    const { account, key } = await world.account();
    const id = await world.start(account, key);
    await world.run((topic) => topic === TOPICS.notify);
    const { body } = await world.ask(key, 'POST', `/v1/audits/${id}/cancel`);
    expect(body).toMatchObject({ state: 'DONE', verdict: 'LEAKAGE', error: null });
    await world.run();
    expect(await booked(world, account, id)).toEqual(['hold', 'capture']);
    expect((await world.announced(account)).sort()).toEqual(['audit.finished', 'audit.planned']);
  });

  test('is finished by whoever comes next, whenever its process dies', async () => {
    for (const stop of ['nothing', TOPICS.plan, TOPICS.probe]) {
      for (let n = 1; ; n++) {
        const world = new HostedWorld();
        const { account, key } = await world.account();
        const id = await world.create(key);
        await world.put(account, id, stop === TOPICS.probe ? smallFiles() : { 'checkpoints/g.onnx': 'shows nobody' });
        if (stop !== 'nothing') await world.ask(key, 'POST', `/v1/audits/${id}/start`);
        if (stop !== 'nothing') await world.run((topic) => topic === stop);
        const context = dying(world.context, n);
        await cancelAudit(context, account, id).catch(() => undefined);
        if (!context.died()) break;
        await world.pass(DAYS_9);
        const { outcome } = await readHosted(world.context, account, id);
        expect(outcome, `${stop}, write ${n}`).not.toBeNull();
        expect((await balanceOf(world.context, account)).held, `${stop}, write ${n}`).toBe(0);
        const kinds = await booked(world, account, id);
        expect(kinds.filter((kind) => kind === 'hold').length, `${stop}, write ${n}`).toBe(stop === 'nothing' ? 0 : 1);
        expect(kinds.filter((kind) => kind !== 'hold').length, `${stop}, write ${n}`).toBe(1);
        const ends = (await world.announced(account)).filter((type) => type !== 'audit.planned');
        expect(ends, `${stop}, write ${n}`).toHaveLength(1);
        const left: string[] = [];
        for await (const { key: object } of world.context.objects.list('drop/')) left.push(object);
        expect(left, `${stop}, write ${n}`).toEqual([]);
      }
    }
  });
});
