import { expect, onTestFinished, test, vi } from 'vitest';
import { changeHosted } from '../../../shared/service/audits/hosted-audit.ts';
import { paths } from '../../../shared/service/core/paths.ts';
import type { Watching } from '../../../shared/service/http/watch.ts';
import { hosted } from '../../support/service/hosted.ts';

/** A service with an audit, which waits as a test says. */
async function ready(watching: Watching = {}) {
  const world = hosted({}, { api: watching });
  const { account, key } = await world.account();
  const create = async (by: string) =>
    (await world.ask(by, 'POST', '/v1/audits', { attestation: 'owner', photos: 1 })).body.id;
  const audit = await create(key);
  const watch = async (by = key, id = audit, method = 'GET') => {
    const response = await world.api.request(`/v1/audits/${id}/events`, {
      method,
      headers: { authorization: `Bearer ${by}` },
    });
    onTestFinished(() => response.body?.cancel().catch(() => undefined));
    return response;
  };
  return { world, account, key, audit, create, watch };
}

/** Waits for as long as somebody watches. */
const forGood = (_ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

test('an account has ten connections that watch, and one that ends makes room', async () => {
  const { world, watch, create } = await ready({ wait: forGood });
  const open = [];
  for (let i = 0; i < 10; i++) open.push(await watch());
  expect(open.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  const refused = await watch();
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
  const other = await world.account();
  expect((await watch(other.key, await create(other.key))).status).toBe(200);
  await open[3]?.body?.cancel();
  expect((await watch()).status).toBe(200);
  expect((await watch()).status).toBe(429);
});

test('connections that nobody reads, or that end by themselves, count for nothing', async () => {
  const { watch, world, key, audit } = await ready({ wait: forGood });
  for (let i = 0; i < 11; i++) {
    const { status, headers } = await watch(key, audit, 'HEAD');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
  }
  expect((await world.ask(key, 'POST', `/v1/audits/${audit}/cancel`)).status).toBe(200);
  for (let i = 0; i < 11; i++) expect(await (await watch()).text()).toContain('"state":"CANCELLED"');
});

test('what is seen is stored by nobody on the way', async () => {
  const { watch } = await ready({ wait: forGood });
  const { headers } = await watch();
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-type')).toBe('text/event-stream');
});

test('an audit is looked at less often while nothing changes, and as at first when something does', async () => {
  const pauses: number[] = [];
  const { world, account, audit, watch } = await ready({
    lookMs: 1000,
    wait: async (ms) => {
      pauses.push(ms);
      if (pauses.length === 7) {
        await changeHosted(world.context, account, audit, (now) => ({ ...now, label: 'another' }));
      }
      if (pauses.length === 9) await world.context.records.delete(paths.audit(account, audit));
    },
  });
  const text = await (await watch()).text();
  expect(text.match(/^event: audit$/gm)).toHaveLength(2);
  expect(pauses).toEqual([1000, 1500, 2250, 3375, 5000, 5000, 5000, 1000, 1500]);
});

test('what fails while it is watched ends the connection, and is printed nowhere', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => printed.mockRestore());
  const { world, watch } = await ready({
    wait: async () => {
      world.context.records.get = () => Promise.reject(new Error('secret'));
    },
  });
  const text = await (await watch()).text();
  expect(text).toContain('event: audit');
  expect(text).not.toContain('secret');
  expect(printed).not.toHaveBeenCalled();
});
