import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settleMessage, TOPICS } from '../../shared/pipeline/base/messages.ts';
import { settleRun } from '../../shared/service/audits/settle.ts';
import { purchase } from '../../shared/service/billing/credits.ts';
import { DAY_MS, HostedWorld, MEMBERS } from '../support/service/hosted-world.ts';
import { mentions } from '../support/service/storage.ts';
import { bookedIn, expectSound } from './books.ts';

const STRIPE = { stripe: { apiKey: 'sk_test_1', webhookSecret: 'whsec_1' } };

/** What an owner and the pipeline can do to one audit at any moment. */
const DEEDS = ['start', 'cancel', 'delete', 'look', 'run', 'settle', 'agenda', 'upload'] as const;

test('whatever is done to an audit at the same time, it is held once, settled once, and nothing stays', async () => {
  const deeds = fc.array(fc.array(fc.constantFrom(...DEEDS), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(deeds, async (rounds) => {
      const world = new HostedWorld(STRIPE);
      const { account, key } = await world.account();
      await purchase(world.context, account, { payment: 'cs_1', credits: 1000 });
      const id = await world.create(key);
      await world.put(account, id);
      const path = `/v1/audits/${id}`;
      let step = 0;
      const ask = async (method: string, where: string, body?: object) => {
        const { status } = await world.ask(key, method, where, body);
        expect(status, `${method} ${where}`).toBeLessThan(500);
      };
      const does: Record<(typeof DEEDS)[number], () => Promise<unknown>> = {
        start: () => ask('POST', `${path}/start`),
        cancel: () => ask('POST', `${path}/cancel`),
        delete: () => ask('DELETE', path),
        look: () => ask('GET', path),
        upload: () => ask('POST', `${path}/uploads`, { files: [{ path: 'members/x/1.jpg', size: 1 }] }),
        // A little of the pipeline: to the next stage.
        run: () => {
          const until = world.delivered.length + 1 + (step++ % 3);
          return world.run(() => world.delivered.length >= until);
        },
        settle: async () => {
          const messages = world.delivered.filter(({ topic }) => topic === TOPICS.settle);
          for (const { message } of messages) {
            await settleRun(world.context, settleMessage.parse(message));
          }
        },
        agenda: () => world.pass(60_000),
      };
      for (const round of rounds) {
        // The queue is worked on by one at a time.
        const once = round.filter(
          (deed, i) =>
            !['run', 'agenda'].includes(deed) || round.findIndex((one) => ['run', 'agenda'].includes(one)) === i,
        );
        await Promise.all(once.map((deed) => does[deed]()));
      }
      await world.pass(9 * DAY_MS);
      const entries = (await bookedIn(world.context.records, account)).filter(({ audit }) => audit === id);
      const balances = expectSound(await bookedIn(world.context.records, account));
      expect(balances.held).toBe(0);
      expect(balances.available + balances.spent).toBe(1000);
      expect(['release', 'hold,release', 'hold,capture', '']).toContain(entries.map(({ kind }) => kind).join());
      const ends = (await world.announced(account)).filter(
        (type) => type === 'audit.finished' || type === 'audit.failed',
      );
      expect(ends.length).toBeLessThanOrEqual(1);
      await world.pass(200 * DAY_MS);
      expect(
        mentions(world.hosted.folder, { person: MEMBERS[0]!, file: 'secret-project', key: 'pseudonymKey' }),
      ).toEqual([]);
      for (const collection of ['audits', 'open-audits', 'uploads', `accounts/${account}/audits`]) {
        expect(await world.context.records.count(collection), collection).toBe(0);
      }
    }),
    { numRuns: 25 },
  );
});
