import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runAgenda } from '../../../shared/service/core/agenda.ts';
import { replay } from '../../../shared/service/webhooks/deliveries.ts';
import { updateEndpoint } from '../../../shared/service/webhooks/endpoints.ts';
import { MOST_ATTEMPTS } from '../../../shared/service/webhooks/schedule.ts';
import type { Outcome } from '../../../shared/service/webhooks/send.ts';
import { Service } from '../../support/service/webhook-service.ts';
import { ACCOUNT, dying, failed, Webhooks } from '../../support/service/webhook-world.ts';
import { tempDir } from '../../support/temp.ts';

const outcome: fc.Arbitrary<Outcome | 'dies'> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(failed(500), failed(302), failed(429)) },
  { weight: 2, arbitrary: fc.constant<Outcome>({ status: null, reason: 'timeout' }) },
  { weight: 2, arbitrary: fc.constant('dies' as const) },
  { weight: 1, arbitrary: fc.constant(failed(200)) },
  { weight: 1, arbitrary: fc.constant(failed(410)) },
);

/** What the world does to messages. Those that are picked come by their place among all that ever were. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      pick: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      /** Writes until the process dies; most live. */
      writes: fc.option(fc.nat(9), { freq: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40_000_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'announce' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'replay' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('enable' as const), enabled: fc.boolean() }) },
);

test('whatever is lost, repeated or late, a delivery ends, and nothing is sent after that', async () => {
  const service = new Service(tempDir());
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.array(outcome, { minLength: 1, maxLength: 15 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (steps, outcomes, random) => {
        const webhooks = new Webhooks(service, { random: () => random });
        const { context, clock } = webhooks;
        // The world of the run before is over.
        for (const collection of ['agenda', `accounts/${ACCOUNT}/endpoints`, `accounts/${ACCOUNT}/deliveries`]) {
          for await (const { path } of context.records.list(collection)) await context.records.delete(path);
        }
        let attempts = 0;
        webhooks.answer = async () => {
          const next = outcomes[attempts++ % outcomes.length]!;
          if (next === 'dies') throw new Error('dead');
          return next;
        };
        const endpoint = await webhooks.endpoint();
        const at = clock.now();
        await webhooks.announce(at);
        let replays = 0;
        /** Delivers messages at the same time, and holds them to it that nothing is sent once the delivery has ended. */
        const handle = async (places: readonly number[], writes: number | null) => {
          const before = await webhooks.only();
          const sent = webhooks.sent.length;
          const world = writes === null ? context : dying(context, writes);
          const all = places.map((place) => webhooks.messages[place % webhooks.messages.length]!);
          await Promise.allSettled(all.map((message) => webhooks.deliver(message, world)));
          if (before.state !== 'pending' || before.nextAt > clock.now()) expect(webhooks.sent).toHaveLength(sent);
          // Of those that came together, one.
          expect(webhooks.sent.length).toBeLessThanOrEqual(sent + 1);
        };
        for (const one of steps) {
          if (one.kind === 'deliver') await handle(one.pick, one.writes);
          else if (one.kind === 'announce') await webhooks.announce(at);
          else if (one.kind === 'enable') await updateEndpoint(context, ACCOUNT, endpoint.id, one);
          else if (one.kind === 'wait') {
            clock.set(clock.now() + one.ms);
            await runAgenda(context);
          } else {
            const { id } = await webhooks.only();
            if (await replay(context, ACCOUNT, id).catch(() => undefined)) replays += 1;
          }
        }
        // All that was published comes once more, and from now on every message comes, in time.
        const published = webhooks.messages.map((_, place) => place);
        for (const place of published) await handle([place], null);
        webhooks.messages.length = 0;
        const { drain } = webhooks;
        webhooks.drain = () => drain.call(webhooks).catch(() => drain.call(webhooks));
        await webhooks.finish();

        const delivery = await webhooks.only();
        expect(delivery.state).not.toBe('pending');
        expect(delivery.sendingSince).toBeNull();
        expect(delivery.endedAt).not.toBeNull();
        expect(webhooks.sent.length).toBeLessThanOrEqual(MOST_ATTEMPTS * (1 + replays));
        if (delivery.state === 'delivered') expect(delivery.history.at(-1)?.status).toBe(200);
        expect(new Set(webhooks.sent.map(({ payload }) => payload)).size).toBeLessThanOrEqual(1);
        const sent = webhooks.sent.length;
        await webhooks.pass(delivery.endedAt! + 10 * 24 * 3_600_000);
        expect(webhooks.sent).toHaveLength(sent);
      },
    ),
    { numRuns: 60 },
  );
});
