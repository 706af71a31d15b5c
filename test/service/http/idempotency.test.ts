import { expect, test } from 'vitest';
import { paths } from '../../../shared/service/core/paths.ts';
import { createApi } from '../../../shared/service/http/app.ts';
import { dying, HostedWorld } from '../../support/service/hosted-world.ts';

const AUDIT = { attestation: 'owner', photos: 1 };
const KEY = { 'idempotency-key': '5c4c1f6e-0d5e-4f0f-9f0a-1b6f3f0f6b1d' };

async function ready() {
  const world = new HostedWorld();
  const { account, key } = await world.account();
  const create = (body: object = AUDIT, headers: Record<string, string> = KEY) =>
    world.ask(key, 'POST', '/v1/audits', body, headers);
  const count = () => world.context.records.count(paths.audits(account));
  return { world, account, key, create, count };
}

test('the same request again gets the same answer, byte for byte, and does nothing', async () => {
  const { create, count } = await ready();
  const first = await create();
  const again = await create();
  expect(again.status).toBe(201);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(again.headers.get('content-type')).toMatch(/^application\/json/);
  expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  expect(await count()).toBe(1);
});

test('another body, or another route, under the same key is refused', async () => {
  const { world, key, create, count } = await ready();
  const { body } = await create();
  for (const answer of [
    await create({ ...AUDIT, photos: 2 }),
    await create({ ...AUDIT, label: 'x' }),
    await world.ask(key, 'POST', `/v1/audits/${body.id}/start`, undefined, KEY),
    await world.ask(key, 'POST', `/v1/audits/${body.id}/cancel`, undefined, KEY),
  ]) {
    expect(answer.body).toMatchObject({ status: 422, code: 'IDEMPOTENCY_MISMATCH' });
  }
  expect(await count()).toBe(1);
});

test('at the same time it happens once: the others get its answer, or are asked to come again', async () => {
  const { create, count } = await ready();
  const answers = await Promise.all(Array.from({ length: 8 }, () => create()));
  expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
  for (const { status, body, headers } of answers) {
    expect([201, 409]).toContain(status);
    if (status === 201) continue;
    expect(body.code).toBe('CONFLICT');
    expect(headers.get('retry-after')).toBe('1');
  }
  expect((await create()).status).toBe(201);
  expect(await count()).toBe(1);
});

test('a refusal is not kept: what was wrong may be right by now', async () => {
  const { world, account, key, create } = await ready();
  const { body } = await create(AUDIT, {});
  const start = () => world.ask(key, 'POST', `/v1/audits/${body.id}/start`, undefined, KEY);
  expect((await start()).status).toBe(409);
  await world.put(account, body.id, { 'checkpoints/g.onnx': 'shows nobody' });
  expect((await start()).status).toBe(202);
});

test('after a day the key is free again, and nothing is kept of it', async () => {
  const { world, account, create, count } = await ready();
  await create();
  await world.pass(24 * 3_600_000);
  expect(await world.context.records.count(paths.requests(account))).toBe(0);
  expect((await create()).status).toBe(201);
  expect(await count()).toBe(2);
});

test('a request whose process died is taken up by the next, after a minute', async () => {
  for (let n = 1; ; n++) {
    const { world, key, create, count } = await ready();
    const context = dying(world.context, n);
    await createApi(context).request('/v1/audits', {
      method: 'POST',
      headers: { ...KEY, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(AUDIT),
    });
    if (!context.died()) return;
    world.hosted.clock.advance(60_000);
    expect((await create()).status, `write ${n}`).toBe(201);
    // One that was made and never answered for cannot be told from one that was not: it expires.
    expect(await count(), `write ${n}`).toBeLessThanOrEqual(2);
    expect((await create()).headers.get('idempotent-replayed'), `write ${n}`).toBe('true');
  }
});

test('a key that is none is refused', async () => {
  const { create } = await ready();
  for (const key of [' ', 'a b', 'ü', 'x'.repeat(256)]) {
    const { status, body } = await create(AUDIT, { 'idempotency-key': encodeHeader(key) });
    expect({ status, code: body.code }, key).toEqual({ status: 400, code: 'REQUEST_INVALID' });
  }
});

/** As it goes over the wire. */
function encodeHeader(text: string): string {
  return text === ' ' ? '' : Buffer.from(text).toString('latin1');
}
