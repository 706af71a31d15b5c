import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../../shared/pipeline/base/messages.ts';
import { around } from '../../../shared/platform/around.ts';
import type { Json, Platform } from '../../../shared/platform/ports.ts';
import { remind, runAgenda } from '../../../shared/service/core/agenda.ts';
import { Service } from '../../support/service/webhook-service.ts';
import { tempDir } from '../../support/temp.ts';

const message = (n: number): Json => ({ version: 1, n });

describe('the agenda', () => {
  test('publishes what is due in order of time, once, and leaves the rest', async () => {
    const service = new Service(tempDir());
    const { context, clock } = service;
    const start = clock.now();
    await remind(context, { at: start + 2000, topic: TOPICS.tend, message: message(2), id: 'b' });
    await remind(context, { at: start + 1000, topic: TOPICS.deliver, message: message(1), id: 'z' });
    await remind(context, { at: start + 2001, topic: TOPICS.tend, message: message(3), id: 'a' });
    expect(await runAgenda(context)).toBe(0);
    clock.set(start + 2000);
    expect(await runAgenda(context)).toBe(2);
    expect(service.published).toEqual([
      { topic: 'deliver', message: message(1) },
      { topic: 'tend', message: message(2) },
    ]);
    expect(await runAgenda(context)).toBe(0);
    expect(await context.records.count('agenda')).toBe(1);
  });

  test('has one entry for the same id and time, and the first stays', async () => {
    const service = new Service(tempDir());
    const { context, clock } = service;
    const at = clock.now();
    for (const n of [1, 2]) await remind(context, { at, topic: TOPICS.tend, message: message(n), id: 'same' });
    expect(await runAgenda(context)).toBe(1);
    expect(service.published.map((one) => one.message)).toEqual([message(1)]);
  });

  test('takes no more than it is told', async () => {
    const service = new Service(tempDir());
    const { context, clock } = service;
    for (let i = 0; i < 40; i++) {
      await remind(context, { at: clock.now() - 1, topic: TOPICS.tend, message: message(i), id: `i${i}` });
    }
    expect(await runAgenda(context, { limit: 25 })).toBe(25);
    expect(await runAgenda(context, { limit: 25 })).toBe(15);
  });

  test('an entry that cannot be read is thrown for after the others were published, and stays', async () => {
    const service = new Service(tempDir());
    const { context, clock } = service;
    const at = clock.now();
    await context.records.create(`agenda/${String(at - 5).padStart(13, '0')}-broken`, { at, topic: 'no-such-topic' });
    await context.records.create('agenda/!no-time', {});
    await remind(context, { at, topic: TOPICS.tend, message: message(1), id: 'sound' });
    await expect(runAgenda(context, { limit: 1 })).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
    expect(service.published).toEqual([{ topic: 'tend', message: message(1) }]);
    expect(await context.records.count('agenda')).toBe(2);
  });

  test('what cannot be published now keeps nothing else from it', async () => {
    const service = new Service(tempDir());
    const { context, clock } = service;
    for (const n of [1, 2, 3]) {
      await remind(context, { at: clock.now(), topic: TOPICS.tend, message: message(n), id: `i${n}` });
    }
    const events = around(context.events, {
      publish: (go, _topic, what) => (JSON.stringify(what).includes('2') ? Promise.reject(new Error('down')) : go()),
    });
    await expect(runAgenda({ ...context, events })).rejects.toThrow('down');
    expect(service.published).toHaveLength(2);
    expect(await runAgenda(context)).toBe(1);
  });

  test.each([Number.NaN, -1, 10 ** 13, Number.POSITIVE_INFINITY])('refuses the time %s', async (at) => {
    const { context } = new Service(tempDir());
    const reminder = { at, topic: TOPICS.tend, message: null, id: 'x' };
    await expect(remind(context, reminder)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('loses nothing, wherever it dies', async () => {
    const folder = tempDir();
    const service = new Service(folder);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }),
        async (delays, deaths) => {
          const { context, clock, published } = service;
          published.length = 0;
          const start = clock.now();
          for (const [i, delay] of delays.entries()) {
            await remind(context, { at: start + delay, topic: TOPICS.tend, message: message(i), id: `i${i}` });
          }
          for (const calls of deaths) {
            clock.set(clock.now() + 1000);
            await runAgenda(dying(context, calls)).catch(() => undefined);
          }
          clock.set(start + 5000);
          await runAgenda(context);
          const seen = new Set(published.map((one) => JSON.stringify(one.message)));
          expect(seen.size).toBe(delays.length);
          expect(await context.records.count('agenda')).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});

/** A platform that answers no more after so many writes. */
function dying<P extends Pick<Platform, 'records' | 'events'>>(platform: P, calls: number): P {
  let left = calls;
  const alive = () => {
    left -= 1;
    if (left < 0) throw new Error('dead');
  };
  const { records, events } = platform;
  return {
    ...platform,
    records: around(records, {
      delete: async (go) => {
        alive();
        await go();
      },
    }),
    events: around(events, {
      publish: async (go) => {
        alive();
        await go();
      },
    }),
  };
}
