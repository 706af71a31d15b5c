import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { around } from '../../../shared/platform/around.ts';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import { newAuditId, newId } from '../../../shared/service/core/ids.ts';
import { KEPT_MS, listDeliveries } from '../../../shared/service/webhooks/deliveries.ts';
import { createEndpoint, type EndpointInput, updateEndpoint } from '../../../shared/service/webhooks/endpoints.ts';
import {
  EVENT_TYPES,
  MOST_PAYLOAD,
  payloadOf,
  type WebhookEvent,
} from '../../../shared/service/webhooks/event-types.ts';
import { announce } from '../../../shared/service/webhooks/events.ts';
import { Service } from '../../support/service/webhook-service.ts';
import { tempDir } from '../../support/temp.ts';

const ACCOUNT = newId('account');
const AT = Date.UTC(2026, 0, 1);
const AUDIT = newAuditId(AT);
const time = '2026-01-01T00:00:00.000Z';

const EVENTS: readonly WebhookEvent[] = [
  {
    type: 'audit.planned',
    at: AT,
    data: { audit: AUDIT, label: 'Generator 3', samples: 50_000, quote: 412, startedAt: time },
  },
  {
    type: 'audit.finished',
    at: AT,
    data: {
      audit: AUDIT,
      label: null,
      state: 'DONE',
      verdict: 'LEAKAGE',
      credits: 381,
      startedAt: time,
      finishedAt: time,
    },
  },
  {
    type: 'audit.failed',
    at: AT,
    data: { audit: AUDIT, label: '', state: 'REJECTED', code: 'GALLERY_EMPTY', credits: 0, finishedAt: time },
  },
  { type: 'credits.low', at: AT, data: { balance: 120, threshold: 500 } },
];

describe('a payload', () => {
  test.each(EVENTS)('of $type says type, time and data', (event) => {
    expect(JSON.parse(payloadOf(event))).toEqual({ type: event.type, timestamp: time, data: event.data });
    expect(payloadOf(event)).toBe(payloadOf(structuredClone(event)));
  });

  test('has no place for anything else', () => {
    for (const event of EVENTS) {
      const more = { ...event, data: { ...event.data, person: 'somebody' } };
      expect(() => payloadOf(more as WebhookEvent)).toThrow();
    }
  });

  test('is short, whatever the label is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1000 }), (text) => {
        const label = text.slice(0, 1000);
        for (const event of EVENTS) {
          if (event.type === 'credits.low') continue;
          const payload = payloadOf({ ...event, data: { ...event.data, label } } as WebhookEvent);
          expect(Buffer.byteLength(payload)).toBeLessThan(MOST_PAYLOAD / 2);
        }
      }),
    );
    const worst = { ...EVENTS[0], data: { ...EVENTS[0]!.data, label: '\0'.repeat(1000) } } as WebhookEvent;
    expect(Buffer.byteLength(payloadOf(worst))).toBeLessThan(MOST_PAYLOAD / 2);
  });
});

describe('an event is told', () => {
  const input = (events: EndpointInput['events']) => ({ url: 'https://a.example.com/', events, description: '' });

  async function world() {
    const service = new Service(tempDir());
    const { context, clock, published } = service;
    const guarded = { ...context, webhookAllow: [], lookup: async () => ['93.184.216.34'] };
    const all = await createEndpoint(guarded, ACCOUNT, input([...EVENT_TYPES]));
    const some = await createEndpoint(guarded, ACCOUNT, input(['credits.low']));
    return { context, guarded, clock, published, all, some };
  }

  test('to those who asked for it, and to nobody who is disabled', async () => {
    const { context, guarded, published, all, some } = await world();
    await announce(context, ACCOUNT, EVENTS[1]!);
    const { deliveries } = await listDeliveries(context, ACCOUNT);
    expect(deliveries).toMatchObject([
      { endpoint: all.id, type: 'audit.finished', state: 'pending', attempts: 0, payload: payloadOf(EVENTS[1]!) },
    ]);
    expect(published).toEqual([
      { topic: TOPICS.deliver, message: { version: 1, account: ACCOUNT, delivery: deliveries[0]!.id } },
    ]);
    await updateEndpoint(guarded, ACCOUNT, all.id, { enabled: false });
    await announce(context, ACCOUNT, EVENTS[3]!);
    expect((await listDeliveries(context, ACCOUNT, { endpoint: some.id })).deliveries).toHaveLength(1);
    expect((await listDeliveries(context, ACCOUNT)).deliveries).toHaveLength(2);
    await announce(context, newId('account'), EVENTS[1]!);
    expect(published).toHaveLength(2);
  });

  test('once, however often', async () => {
    const { context, clock } = await world();
    for (let i = 0; i < 3; i++) {
      clock.set(clock.now() + 1000);
      await announce(context, ACCOUNT, EVENTS[1]!);
    }
    await announce(context, ACCOUNT, { ...EVENTS[1]!, at: AT + 1 });
    const { deliveries } = await listDeliveries(context, ACCOUNT);
    expect(deliveries).toHaveLength(2);
    // The newest first.
    expect(deliveries.map(({ at }) => at)).toEqual([AT + 1, AT]);
    expect(await context.records.count('agenda')).toBe(2);
  });

  test('even by a process that dies at any point', async () => {
    for (let calls = 0; calls < 3; calls++) {
      const { context, clock, published } = await world();
      let left = calls;
      const alive = () => {
        left -= 1;
        if (left < 0) throw new Error('dead');
      };
      const { records, events } = context;
      const dying = {
        ...context,
        records: around(records, {
          create: async (go) => {
            alive();
            return go();
          },
        }),
        events: around(events, {
          publish: async (go) => {
            alive();
            await go();
          },
        }),
      };
      await expect(announce(dying, ACCOUNT, EVENTS[1]!)).rejects.toThrow('dead');
      // Whoever tells it comes again, or, where the delivery is there already, the reminder does.
      const made = (await listDeliveries(context, ACCOUNT)).deliveries.length;
      clock.set(clock.now() + 3_600_000);
      await runAgenda(context);
      if (made > 0) expect(published.map(({ topic }) => topic)).toEqual([TOPICS.deliver]);
      await announce(context, ACCOUNT, EVENTS[1]!);
      expect((await listDeliveries(context, ACCOUNT)).deliveries).toHaveLength(1);
    }
  });

  test('not when its deliveries may have been deleted since', async () => {
    const { context, clock, published } = await world();
    clock.set(AT + KEPT_MS);
    await announce(context, ACCOUNT, EVENTS[1]!);
    expect(published).toEqual([]);
  });
});
