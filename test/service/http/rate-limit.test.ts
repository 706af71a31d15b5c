import { describe, expect, test } from 'vitest';
import { createKey, SCOPES } from '../../../shared/service/accounts/api-keys.ts';
import { hosted } from '../../support/service/hosted.ts';

const FROM = (address: string) => ({ 'x-forwarded-for': address });
const FROM_PAGE = { 'sec-fetch-site': 'same-origin' };

describe('three requests a minute', () => {
  const service = () => hosted({ requestsPerMinute: 3, proxied: true });

  test('for an account, with whichever key, wherever they come from', async () => {
    const { ask, account, context } = service();
    const [one, other] = [await account(), await account()];
    const { text: second } = await createKey(context, one.account, { name: 'x', scopes: SCOPES, expiresAt: null });
    for (let i = 0; i < 3; i++) {
      const key = i === 1 ? second : one.key;
      const { status, headers } = await ask(key, 'GET', '/v1/account', undefined, FROM(`10.0.0.${i}`));
      expect(status).toBe(200);
      expect(headers.get('ratelimit-remaining')).toBe(String(2 - i));
    }
    for (const key of [one.key, second]) {
      const refused = await ask(key, 'GET', '/v1/account', undefined, FROM('10.0.0.9'));
      expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(JSON.stringify(refused.body)).not.toContain(key);
    }
    expect((await ask(other.key, 'GET', '/v1/account')).status).toBe(200);
  });

  test.for([
    ['without a key', 'GET', '/v1/account', undefined, 401],
    ['to sign in', 'POST', '/v1/session', { key: 'rwk_x' }, 401],
    ['to sign in with nothing', 'POST', '/v1/session', {}, 400],
    ['to ask who is signed in', 'GET', '/v1/session', undefined, 204],
  ] as const)('%s for an address, and not for what a client says it is', async ([_, method, path, body, status]) => {
    const { ask } = service();
    // The last address is our own proxy's word; those before are the client's.
    const from = (claimed: string, real: string) => ({ ...FROM_PAGE, ...FROM(`${claimed}, ${real}`) });
    for (let i = 0; i < 3; i++) {
      expect((await ask(undefined, method, path, body, from(`1.1.1.${i}`, '10.0.0.1'))).status).toBe(status);
    }
    expect((await ask(undefined, method, path, body, from('1.1.1.9', '10.0.0.1'))).status).toBe(429);
    expect((await ask(undefined, method, path, body, from('1.1.1.1', '10.0.0.2'))).status).toBe(status);
  });

  test('whoever guesses too often is not looked up any more', async () => {
    const { ask, account, context } = service();
    const { key } = await account();
    const read: string[] = [];
    const { get } = context.records;
    context.records.get = (path) => {
      read.push(path);
      return get.call(context.records, path);
    };
    const guess = `${key.slice(0, -4)}0000`;
    const ask1 = (one: string) => ask(one, 'GET', '/v1/account', undefined, FROM('10.0.0.1'));
    for (let i = 0; i < 3; i++) expect((await ask1(guess)).status).toBe(401);
    expect(read).toHaveLength(3);
    const refused = await ask1(guess);
    expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(read).toHaveLength(3);
  });

  test('good keys cost their address nothing', async () => {
    const { ask, account } = service();
    for (let i = 0; i < 5; i++) {
      const { key } = await account();
      expect((await ask(key, 'GET', '/v1/account', undefined, FROM('10.0.0.1'))).status).toBe(200);
    }
  });

  test('addresses of one IPv6 network are one', async () => {
    const { ask } = service();
    const from = (address: string) => ask(undefined, 'GET', '/v1/account', undefined, FROM(address));
    for (const host of ['1', '2', 'ffff']) expect((await from(`2001:db8:1:2::${host}`)).status).toBe(401);
    expect((await from('2001:db8:1:2:3:4:5:6')).status).toBe(429);
    expect((await from('2001:db8:1:3::1')).status).toBe(401);
    for (let i = 0; i < 3; i++) await from('10.0.0.1');
    expect((await from('::ffff:10.0.0.1')).status).toBe(429);
  });

  test('a request that is refused for that does nothing', async () => {
    const { ask, account, context } = service();
    const { account: id, key } = await account();
    const body = { attestation: 'owner', photos: 1 };
    for (let i = 0; i < 5; i++) await ask(key, 'POST', '/v1/audits', body, { 'idempotency-key': `key-${i}` });
    expect(await context.records.count(`accounts/${id}/audits`)).toBe(3);
    expect(await context.records.count(`accounts/${id}/requests`)).toBe(3);
  });
});

test('without a proxy of ours it is the connection that says who asks, whatever the request says', async () => {
  const { api } = hosted({ requestsPerMinute: 3 });
  const from = (remoteAddress: string, claimed: string) =>
    api.request('/v1/account', { headers: FROM(claimed) }, { incoming: { socket: { remoteAddress } } });
  for (let i = 0; i < 3; i++) expect((await from('10.0.0.1', `1.1.1.${i}`)).status).toBe(401);
  expect((await from('10.0.0.1', '1.1.1.9')).status).toBe(429);
  expect((await from('10.0.0.2', '1.1.1.0')).status).toBe(401);
});

test('five accounts an hour from an address, however many requests it may make', async () => {
  const { ask, context } = hosted({ proxied: true });
  const signUp = (address: string) => ask(undefined, 'POST', '/v1/accounts', { name: 'x' }, FROM(address));
  for (let i = 0; i < 5; i++) expect((await signUp('10.0.0.1')).status).toBe(201);
  const refused = await signUp('10.0.0.1');
  expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  expect(await context.records.count('accounts')).toBe(5);
  expect((await signUp('10.0.0.2')).status).toBe(201);
});
