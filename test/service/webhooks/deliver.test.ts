import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { messageId, newId } from '../../../shared/service/core/ids.ts';
import {
  getDelivery,
  KEPT_MS,
  listDeliveries,
  MOST_HISTORY,
  replay,
} from '../../../shared/service/webhooks/deliveries.ts';
import {
  deleteEndpoint,
  getEndpoint,
  listEndpoints,
  rotateSecret,
  updateEndpoint,
} from '../../../shared/service/webhooks/endpoints.ts';
import { MOST_ATTEMPTS, pauseAfter } from '../../../shared/service/webhooks/schedule.ts';
import { endpointSecret } from '../../../shared/service/webhooks/sign.ts';
import { eventually } from '../../support/eventually.ts';
import { receiver, status } from '../../support/service/webhook-receiver.ts';
import { SECRET, Service } from '../../support/service/webhook-service.ts';
import { ACCOUNT, dying, failed, Webhooks } from '../../support/service/webhook-world.ts';
import { tempDir } from '../../support/temp.ts';

const DAY = 24 * 3600 * 1000;
const world = (random?: () => number) => new Webhooks(new Service(tempDir()), random ? { random } : {});

describe('over real connections', () => {
  async function reached(answer: Parameters<typeof receiver>[0]) {
    const webhooks = world();
    webhooks.reach(200);
    const target = await receiver(answer);
    const endpoint = await webhooks.endpoint(target.url);
    await webhooks.announce();
    await webhooks.drain();
    return { webhooks, target, endpoint };
  }

  test('200: delivered, and verified by the reference implementation', async () => {
    const { webhooks, target, endpoint } = await reached(status(200));
    const delivery = await webhooks.only();
    expect(delivery).toMatchObject({
      state: 'delivered',
      failure: null,
      attempts: 1,
      endedAt: webhooks.clock.now(),
      sendingSince: null,
      history: [{ at: webhooks.clock.now(), status: 200, reason: null }],
    });
    const [request] = target.received;
    expect(request?.headers['webhook-id']).toBe(delivery.id);
    vi.useFakeTimers({ toFake: ['Date'], now: webhooks.clock.now() });
    onTestFinished(() => void vi.useRealTimers());
    const headers = Object.fromEntries(Object.entries(request!.headers).map(([name, value]) => [name, String(value)]));
    expect(new Webhook(endpointSecret(SECRET, endpoint)).verify(request!.body, headers)).toEqual({
      type: 'credits.low',
      timestamp: new Date(delivery.at).toISOString(),
      data: { balance: 1, threshold: 2 },
    });
  });

  test('410: failed, and the endpoint is disabled', async () => {
    const { webhooks, target, endpoint } = await reached(status(410));
    expect(await webhooks.only()).toMatchObject({ state: 'failed', failure: 'gone', attempts: 1 });
    const disabled = { disabledAt: webhooks.clock.now(), disabledReason: 'gone' };
    expect(await getEndpoint(webhooks.context, ACCOUNT, endpoint.id)).toMatchObject(disabled);
    await webhooks.announce(webhooks.clock.now() + 1);
    await webhooks.drain();
    expect(target.received).toHaveLength(1);
  });

  test('500: again after a while, with another signature of the same bytes', async () => {
    let code = 500;
    const { webhooks, target } = await reached((request, response) => status(code)(request, response));
    const first = await webhooks.only();
    expect(first).toMatchObject({ state: 'pending', attempts: 1, nextAt: webhooks.clock.now() + 5000 });
    code = 204;
    await webhooks.finish();
    expect(await webhooks.only()).toMatchObject({
      state: 'delivered',
      attempts: 2,
      history: [{ status: 500 }, { status: 204 }],
    });
    const [one, two] = target.received;
    expect(two?.body).toBe(one?.body);
    expect(two?.headers['webhook-id']).toBe(one?.headers['webhook-id']);
    expect(two?.headers['webhook-signature']).not.toBe(one?.headers['webhook-signature']);
    expect(Number(two?.headers['webhook-timestamp']) - Number(one?.headers['webhook-timestamp'])).toBe(5);
  });

  test('a redirect: failed, and nobody is led anywhere', async () => {
    const elsewhere = await receiver(status(200));
    const { webhooks } = await reached(status(307, { location: elsewhere.url }));
    expect(await webhooks.only()).toMatchObject({ state: 'pending', history: [{ status: 307, reason: null }] });
    expect(elsewhere.received).toEqual([]);
  });

  test('503 with Retry-After: the schedule stays ours', async () => {
    const { webhooks } = await reached(status(503, { 'retry-after': '0' }));
    expect(await webhooks.only()).toMatchObject({ nextAt: webhooks.clock.now() + 5000 });
  });

  test('no answer: a timeout', async () => {
    const { webhooks } = await reached(() => undefined);
    expect(await webhooks.only()).toMatchObject({ state: 'pending', history: [{ status: null, reason: 'timeout' }] });
  });
});

describe('the schedule', () => {
  test.each([0, 0.5, 0.999])('takes between three and seven days (random %d)', async (random) => {
    const webhooks = world(() => random);
    webhooks.answer = () => failed(500);
    const endpoint = await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.finish();
    expect(await webhooks.only()).toMatchObject({
      state: 'failed',
      failure: 'exhausted',
      attempts: MOST_ATTEMPTS,
      sendingSince: null,
    });
    const times = webhooks.sent.map(({ at }) => at);
    expect(times).toHaveLength(MOST_ATTEMPTS);
    const pauses = times.slice(1).map((at, i) => at - times[i]!);
    expect(pauses).toEqual(pauses.map((_, i) => pauseAfter(i + 1, random)));
    const days = (times.at(-1)! - times[0]!) / DAY;
    expect(days).toBeGreaterThan(3);
    expect(days).toBeLessThan(5);
    // One delivery is not yet an endpoint that fails for days.
    expect((await getEndpoint(webhooks.context, ACCOUNT, endpoint.id)).disabledAt).toBeNull();
  });

  test('an endpoint at which everything failed for five days is disabled, with what waits for it', async () => {
    const webhooks = world();
    webhooks.answer = () => failed(500);
    const endpoint = await webhooks.endpoint();
    for (let day = 0; day < 4; day++) {
      await webhooks.announce();
      await webhooks.pass(webhooks.clock.now() + DAY);
    }
    await webhooks.finish();
    const disabled = await getEndpoint(webhooks.context, ACCOUNT, endpoint.id);
    expect(disabled).toMatchObject({ disabledReason: 'failing' });
    expect(disabled.disabledAt! - disabled.failingSince!).toBeGreaterThanOrEqual(5 * DAY);
    expect((await webhooks.deliveries()).map(({ failure }) => failure)).toEqual([
      'disabled',
      'disabled',
      'exhausted',
      'exhausted',
    ]);
  });

  test('one success begins the five days anew', async () => {
    const webhooks = world();
    webhooks.answer = () => failed(500);
    const endpoint = await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.pass(webhooks.clock.now() + 4 * DAY);
    webhooks.answer = () => failed(200);
    await webhooks.announce();
    await webhooks.drain();
    expect(await getEndpoint(webhooks.context, ACCOUNT, endpoint.id)).toMatchObject({ failingSince: null });
    webhooks.answer = () => failed(500);
    await webhooks.announce();
    await webhooks.finish();
    expect(await getEndpoint(webhooks.context, ACCOUNT, endpoint.id)).toMatchObject({ disabledAt: null });
  });
});

describe('a message', () => {
  test('of nothing does nothing', async () => {
    const webhooks = world();
    await webhooks.deliver({ version: 1, account: ACCOUNT, delivery: messageId(1, 'x') });
    expect(webhooks.sent).toEqual([]);
  });

  test('that comes before its time sends nothing, and is not lost', async () => {
    const webhooks = world();
    webhooks.answer = () => failed(500);
    await webhooks.endpoint();
    await webhooks.announce();
    const [message] = webhooks.messages;
    await webhooks.drain();
    for (let i = 0; i < 3; i++) await webhooks.deliver(message!);
    expect(webhooks.sent).toHaveLength(1);
    // As if the only reminder had come to a machine whose clock is behind.
    for await (const { path } of webhooks.context.records.list('agenda')) await webhooks.context.records.delete(path);
    await webhooks.deliver(message!);
    await webhooks.finish();
    expect(webhooks.sent).toHaveLength(MOST_ATTEMPTS);
  });

  test('that comes after the end sends nothing', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    const [message] = webhooks.messages;
    await webhooks.drain();
    await webhooks.deliver(message!);
    await webhooks.announce(webhooks.clock.now());
    await webhooks.pass(webhooks.clock.now() + DAY);
    expect(webhooks.sent).toHaveLength(1);
  });

  test('that comes twice at the same time sends once', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    const [message] = webhooks.messages;
    let answer: () => void = () => undefined;
    webhooks.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve(failed(200));
      });
    const both = Promise.all([webhooks.deliver(message!), webhooks.deliver(message!)]);
    await eventually(() => expect(webhooks.sent).toHaveLength(1));
    await webhooks.deliver(message!);
    answer();
    await both;
    expect(webhooks.sent).toHaveLength(1);
    expect(await webhooks.only()).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  test('for an endpoint that is disabled or deleted ends the delivery', async () => {
    const webhooks = world();
    const first = await webhooks.endpoint();
    await webhooks.announce();
    await updateEndpoint(webhooks.context, ACCOUNT, first.id, { enabled: false });
    await webhooks.drain();
    expect(await webhooks.only()).toMatchObject({ state: 'failed', failure: 'disabled', history: [] });
    await updateEndpoint(webhooks.context, ACCOUNT, first.id, { enabled: true });
    await webhooks.announce(webhooks.clock.now() + 1);
    webhooks.clock.set(webhooks.clock.now() + 1);
    await deleteEndpoint(webhooks.context, ACCOUNT, first.id);
    await webhooks.drain();
    expect(await webhooks.deliveries()).toMatchObject([{ failure: 'deleted' }, { failure: 'disabled' }]);
    expect(webhooks.sent).toEqual([]);
  });
});

describe('a process that dies', () => {
  test('while it sends costs an attempt, which is told, and nothing else', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    webhooks.answer = () => Promise.reject(new Error('dead'));
    await expect(webhooks.drain()).rejects.toThrow('dead');
    const at = webhooks.clock.now();
    webhooks.answer = () => failed(200);
    await webhooks.finish();
    expect(await webhooks.only()).toMatchObject({
      state: 'delivered',
      attempts: 2,
      history: [
        { at, status: null, reason: 'lost' },
        { at: at + 60_000, status: 200, reason: null },
      ],
    });
  });

  test('whenever it sends does not go on for ever', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    webhooks.answer = () => Promise.reject(new Error('dead'));
    const { drain } = webhooks;
    webhooks.drain = () => drain.call(webhooks).catch(() => drain.call(webhooks));
    await webhooks.finish();
    expect(webhooks.sent).toHaveLength(MOST_ATTEMPTS);
    const delivery = await webhooks.only();
    expect(delivery).toMatchObject({ state: 'failed', failure: 'exhausted' });
    expect(delivery.history.map(({ reason }) => reason)).toEqual(Array(MOST_ATTEMPTS).fill('lost'));
  });

  test('too late to be waited for may still say that it arrived', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    let answer: (code: number) => void = () => undefined;
    webhooks.answer = () =>
      new Promise((resolve) => {
        answer = (code) => resolve(failed(code));
      });
    const slow = webhooks.drain();
    await eventually(() => expect(webhooks.sent).toHaveLength(1));
    webhooks.answer = () => failed(500);
    await webhooks.pass(webhooks.clock.now() + 65_000);
    expect(await webhooks.only()).toMatchObject({ state: 'pending', attempts: 2 });
    answer(200);
    await slow;
    expect(await webhooks.only()).toMatchObject({ state: 'delivered' });
  });

  test('too late to be waited for says nothing else any more', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    const answers: ((code: number) => void)[] = [];
    webhooks.answer = () => new Promise((resolve) => answers.push((code) => resolve(failed(code))));
    const [message] = webhooks.messages;
    const attempts: Promise<void>[] = [];
    for (let i = 0; i < 3; i++) {
      attempts.push(webhooks.deliver(message!));
      await eventually(() => expect(answers).toHaveLength(i + 1));
      webhooks.clock.set(webhooks.clock.now() + 60_000);
    }
    const third = await webhooks.only();
    expect(third).toMatchObject({ attempts: 3, sendingSince: webhooks.clock.now() - 60_000 });
    answers[0]?.(500);
    await attempts[0];
    expect(await webhooks.only()).toEqual(third);
    answers[2]?.(200);
    await attempts[2];
    const delivered = await webhooks.only();
    expect(delivered).toMatchObject({ state: 'delivered' });
    webhooks.clock.set(webhooks.clock.now() + 1);
    answers[1]?.(200);
    await attempts[1];
    expect(await webhooks.only()).toEqual(delivered);
  });

  test('before any write loses nothing', async () => {
    for (let writes = 0; writes < 8; writes++) {
      const webhooks = world();
      await webhooks.endpoint();
      await webhooks.announce();
      webhooks.answer = () => failed(writes % 2 === 0 ? 200 : 410);
      const message = webhooks.messages.shift();
      await webhooks.deliver(message!, dying(webhooks.context, writes)).catch(() => undefined);
      await webhooks.finish();
      expect((await webhooks.only()).state).not.toBe('pending');
    }
  });
});

describe('sending again', () => {
  test('begins anew and keeps the history', async () => {
    const webhooks = world();
    webhooks.answer = () => failed(500);
    const endpoint = await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.finish();
    const { id, payload } = await webhooks.only();
    await rotateSecret(webhooks.context, ACCOUNT, endpoint.id);
    expect(await replay(webhooks.context, ACCOUNT, id)).toMatchObject({ state: 'pending', attempts: 0, failure: null });
    await webhooks.finish();
    const twice = await webhooks.only();
    expect(twice).toMatchObject({ state: 'failed', attempts: MOST_ATTEMPTS });
    expect(twice.history).toHaveLength(MOST_HISTORY);
    webhooks.answer = () => failed(200);
    await updateEndpoint(webhooks.context, ACCOUNT, endpoint.id, { enabled: true });
    await replay(webhooks.context, ACCOUNT, id);
    await webhooks.drain();
    expect(await webhooks.only()).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(new Set(webhooks.sent.map((one) => one.payload))).toEqual(new Set([payload]));
    expect(new Set(webhooks.sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  });

  test('also of what was delivered, or waits', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.drain();
    const { id } = await webhooks.only();
    webhooks.answer = () => failed(500);
    await replay(webhooks.context, ACCOUNT, id);
    await webhooks.drain();
    expect(await webhooks.only()).toMatchObject({ state: 'pending', attempts: 1 });
    webhooks.answer = () => failed(200);
    await replay(webhooks.context, ACCOUNT, id);
    await webhooks.drain();
    expect(await webhooks.only()).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(webhooks.sent).toHaveLength(3);
  });

  test('leaves alone what is being sent', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    webhooks.answer = async () => {
      const delivery = await webhooks.only();
      expect(await replay(webhooks.context, ACCOUNT, delivery.id)).toEqual(delivery);
      return failed(200);
    };
    await webhooks.drain();
    expect(webhooks.sent).toHaveLength(1);
    expect(await webhooks.only()).toMatchObject({ state: 'delivered' });
  });

  test('is done even if the process that was asked dies', async () => {
    for (let writes = 0; writes < 3; writes++) {
      const webhooks = world();
      await webhooks.endpoint();
      await webhooks.announce();
      await webhooks.drain();
      const { id } = await webhooks.only();
      await expect(replay(dying(webhooks.context, writes), ACCOUNT, id)).rejects.toThrow('dead');
      await webhooks.finish();
      // Before the change nothing was promised.
      expect(webhooks.sent).toHaveLength(writes < 2 ? 1 : 2);
      expect(await webhooks.only()).toMatchObject({ state: 'delivered' });
    }
  });

  test('needs an endpoint that takes it, and a delivery of the account', async () => {
    const webhooks = world();
    const endpoint = await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.drain();
    const { id } = await webhooks.only();
    const notThere = { code: 'NOT_FOUND' };
    await expect(replay(webhooks.context, newId('account'), id)).rejects.toMatchObject(notThere);
    await expect(replay(webhooks.context, ACCOUNT, `${id}/a/b`)).rejects.toMatchObject(notThere);
    await expect(getDelivery(webhooks.context, newId('account'), id)).rejects.toMatchObject(notThere);
    await updateEndpoint(webhooks.context, ACCOUNT, endpoint.id, { enabled: false });
    await expect(replay(webhooks.context, ACCOUNT, id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await deleteEndpoint(webhooks.context, ACCOUNT, endpoint.id);
    await expect(replay(webhooks.context, ACCOUNT, id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('deliveries', () => {
  test('are listed in pages, the newest first', async () => {
    const webhooks = world();
    const [one, two] = [await webhooks.endpoint(), await webhooks.endpoint()];
    for (let i = 0; i < 3; i++) await webhooks.announce(webhooks.clock.now() + i);
    const all = await listDeliveries(webhooks.context, ACCOUNT);
    expect(all).toMatchObject({ next: null });
    expect(all.deliveries.map(({ at }) => at - webhooks.clock.now())).toEqual([2, 2, 1, 1, 0, 0]);
    const seen = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = await listDeliveries(webhooks.context, ACCOUNT, { after, limit: 4 });
      seen.push(...page.deliveries);
      after = page.next;
    }
    expect(seen).toEqual(all.deliveries);
    for (const { id } of [one, two]) {
      const first = await listDeliveries(webhooks.context, ACCOUNT, { endpoint: id, limit: 2 });
      const rest = await listDeliveries(webhooks.context, ACCOUNT, { endpoint: id, limit: 2, after: first.next! });
      expect([...first.deliveries, ...rest.deliveries]).toEqual(
        all.deliveries.filter(({ endpoint }) => endpoint === id),
      );
      expect(rest.next).toBeNull();
    }
    await expect(listDeliveries(webhooks.context, ACCOUNT, { after: '../x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('are deleted thirty days after they ended', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.drain();
    const { endedAt } = await webhooks.only();
    await webhooks.pass(endedAt! + KEPT_MS - 1);
    expect(await webhooks.deliveries()).toHaveLength(1);
    await webhooks.pass();
    expect(await webhooks.deliveries()).toEqual([]);
    expect(await webhooks.context.records.count('agenda')).toBe(0);
    expect(await listEndpoints(webhooks.context, ACCOUNT)).toHaveLength(1);
  });

  test('that were sent again are kept for thirty days more', async () => {
    const webhooks = world();
    await webhooks.endpoint();
    await webhooks.announce();
    await webhooks.drain();
    const { id, endedAt } = await webhooks.only();
    await webhooks.pass(endedAt! + KEPT_MS - DAY);
    await replay(webhooks.context, ACCOUNT, id);
    await webhooks.pass(endedAt! + KEPT_MS + DAY);
    expect(await webhooks.only()).toMatchObject({ state: 'delivered' });
    await webhooks.pass();
    expect(await webhooks.deliveries()).toEqual([]);
  });
});
