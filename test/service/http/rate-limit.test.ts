import { describe, expect, test } from 'vitest';
import { hosted } from '../../support/service/hosted.ts';

const FROM = (address: string) => ({ 'x-forwarded-for': address });

describe('three requests a minute', () => {
  const service = () => hosted({ requestsPerMinute: 3 });

  test('for a key, wherever they come from', async () => {
    const { ask, account } = service();
    const [one, other] = [await account(), await account()];
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await ask(one.key, 'GET', '/v1/account', undefined, FROM(`10.0.0.${i}`));
      expect(status).toBe(200);
      expect(headers.get('ratelimit-remaining')).toBe(String(2 - i));
    }
    const refused = await ask(one.key, 'GET', '/v1/account', undefined, FROM('10.0.0.9'));
    expect(refused.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(JSON.stringify(refused.body)).not.toContain(one.key);
    expect((await ask(other.key, 'GET', '/v1/account')).status).toBe(200);
  });

  test.for([
    ['without a key', 'GET', '/v1/account', undefined, 401],
    ['to sign up', 'POST', '/v1/accounts', { name: 'x' }, 201],
    ['to sign in', 'POST', '/v1/session', { key: 'rwk_x' }, 401],
  ] as const)('%s for an address, and not for what a client says it is', async ([_, method, path, body, status]) => {
    const { ask } = service();
    const headers = { 'sec-fetch-site': 'same-origin' };
    // The last address is our own proxy's word; those before are the client's.
    const from = (claimed: string, real: string) => ({ ...headers, ...FROM(`${claimed}, ${real}`) });
    for (let i = 0; i < 3; i++) {
      expect((await ask(undefined, method, path, body, from(`1.1.1.${i}`, '10.0.0.1'))).status).toBe(status);
    }
    expect((await ask(undefined, method, path, body, from('1.1.1.9', '10.0.0.1'))).status).toBe(429);
    expect((await ask(undefined, method, path, body, from('1.1.1.1', '10.0.0.2'))).status).toBe(status);
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
