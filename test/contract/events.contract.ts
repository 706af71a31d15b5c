import { describe, expect, test } from 'vitest';
import { fromEvent, type PubsubEvent } from '../../shared/platform/event.ts';
import type { Events, Json } from '../../shared/platform/ports.ts';

/** A platform's events with a consumer, as small as these tests need it. */
export interface EventsSubject {
  readonly events: Events;
  /** Delivers the topic's messages, also earlier ones; a handler that throws gets the message again. */
  subscribe(topic: string, handler: (event: PubsubEvent) => Promise<void>): Promise<void>;
  /** Ends the consumer while it works, as a crash would, and starts it again with the same subscriptions. */
  crash(): Promise<void>;
}

/** What every platform's events must do. `open` gives empty topics for the running test and ends what it started. */
export function eventsContract(name: string, open: () => Promise<EventsSubject>): void {
  describe(`events of ${name}`, () => {
    test('a message reaches the handler of its topic as a Pub/Sub CloudEvent', async () => {
      const { events, subscribe } = await open();
      const received = inbox();
      await subscribe('probe', received.handler);
      await subscribe('merge', () => Promise.reject(new Error('not for this topic')));
      await events.publish('probe', { audit: 'ü', shard: 3 });
      const [event] = await received.atLeast(1);
      expect(event).toMatchObject({
        specversion: '1.0',
        type: 'google.cloud.pubsub.topic.v1.messagePublished',
        source: expect.stringMatching(/^\/\/pubsub\.googleapis\.com\/projects\/[^/]+\/topics\/[^/]+$/),
        id: expect.stringMatching(/./),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
        data: { message: { data: expect.any(String), messageId: event?.id, attributes: {} } },
      });
      expect(event && fromEvent(event)).toEqual({ audit: 'ü', shard: 3 });
    });

    test.each<Json>([{}, [], 'text', 0, false, null, { deep: [{ a: [1, null, 'x'] }] }])(
      'any JSON: %j',
      async (message) => {
        const { events, subscribe } = await open();
        const received = inbox();
        await subscribe('t', received.handler);
        await events.publish('t', message);
        expect(await received.messages(1)).toEqual([message]);
      },
    );

    test('what is published before anybody listens is not lost', async () => {
      const { events, subscribe } = await open();
      const received = inbox();
      await Promise.all(Array.from({ length: 20 }, (_, i) => events.publish('t', i)));
      await subscribe('t', received.handler);
      expect((await received.messages(20)).sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
    });

    test('a handler that throws gets the message again, with the same id', async () => {
      const { events, subscribe } = await open();
      const received = inbox();
      await subscribe('t', async (event) => {
        await received.handler(event);
        if (received.events.length < 3) throw new Error('not yet');
      });
      await events.publish('t', 'stubborn');
      const delivered = await received.atLeast(3);
      expect(new Set(delivered.map(({ id }) => id)).size).toBe(1);
    });

    test('a message whose consumer crashed is delivered again', async () => {
      const { events, subscribe, crash } = await open();
      const received = inbox();
      await subscribe('t', async (event) => {
        await received.handler(event);
        if (received.events.length === 1) await new Promise(() => {});
      });
      await events.publish('t', 'survivor');
      await received.atLeast(1);
      await crash();
      expect((await received.messages(2)).slice(0, 2)).toEqual(['survivor', 'survivor']);
    });

    test('a handler may publish', async () => {
      const { events, subscribe } = await open();
      const received = inbox();
      await subscribe('plan', async () => {
        await events.publish('probe', 1);
        await events.publish('probe', 2);
      });
      await subscribe('probe', received.handler);
      await events.publish('plan', 'go');
      expect((await received.messages(2)).sort()).toEqual([1, 2]);
    });
  });
}

/** Collects what a handler gets and lets a test wait for it. */
function inbox() {
  const events: PubsubEvent[] = [];
  let check = () => {};
  const atLeast = (count: number) =>
    new Promise<PubsubEvent[]>((resolve) => {
      check = () => {
        if (events.length >= count) resolve([...events]);
      };
      check();
    });
  return {
    events,
    async handler(event: PubsubEvent) {
      events.push(event);
      check();
    },
    atLeast,
    messages: async (count: number) => (await atLeast(count)).map(fromEvent),
  };
}
