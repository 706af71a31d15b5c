import { describe, expect, test } from 'vitest';
import {
  authenticate,
  createKey,
  isStillValid,
  keyOfCodes,
  listKeys,
  requireScope,
  revokeKey,
  SCOPES,
} from '../../../shared/service/accounts/api-keys.ts';
import { paths } from '../../../shared/service/core/paths.ts';
import { hosted } from '../../support/service/hosted.ts';
import { allStored } from '../../support/service/storage.ts';

const NEW = { name: 'k', scopes: SCOPES, expiresAt: null };

async function ready() {
  const service = hosted();
  return { ...service, ...(await service.account()) };
}

test('the text of a key is kept nowhere', async () => {
  const { context, account, folder } = await ready();
  const { text } = await createKey(context, account, NEW);
  await authenticate(context, text);
  const [, , , secret] = text.split('_');
  for (const { name, bytes } of allStored(folder)) expect(bytes.includes(secret!), name).toBe(false);
  expect(JSON.stringify(await listKeys(context, account))).not.toMatch(/hash|rwk_/);
});

test('a key opens its account until it expires or is revoked, and nothing from that moment on', async () => {
  const { context, account, clock } = await ready();
  const expiring = await createKey(context, account, { ...NEW, expiresAt: clock.now() + 1000 });
  const revoked = await createKey(context, account, NEW);
  const caller = await authenticate(context, expiring.text);
  expect(caller).toEqual({ account, key: expiring.key.id, scopes: SCOPES, expiresAt: expiring.key.expiresAt });
  expect(await isStillValid(context, caller)).toBe(true);
  clock.advance(1000);
  await expect(authenticate(context, expiring.text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await isStillValid(context, caller)).toBe(false);
  await revokeKey(context, account, revoked.key.id);
  await expect(authenticate(context, revoked.text)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const { revokedAt } = await revokeKey(context, account, revoked.key.id);
  clock.advance(1);
  expect((await revokeKey(context, account, revoked.key.id)).revokedAt).toBe(revokedAt);
});

test('the key that sign-in codes hang on is one until it is revoked, and takes no other key its place', async () => {
  const { context, account } = await ready();
  const first = await keyOfCodes(context, account);
  expect(await keyOfCodes(context, account)).toBe(first);
  await revokeKey(context, account, first);
  for (let i = 1; i < 100; i++) await createKey(context, account, NEW);
  const second = await keyOfCodes(context, account);
  expect(second).not.toBe(first);
  expect(await keyOfCodes(context, account)).toBe(second);
  // The account has its hundred, and the revoked one makes room for none of them.
  await expect(createKey(context, account, NEW)).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('its use is noted to the hour, whichever clock is behind', async () => {
  const { context, account, clock } = await ready();
  const { key, text } = await createKey(context, account, NEW);
  const used = async () => (await listKeys(context, account)).find(({ id }) => id === key.id)?.lastUsedAt;
  expect(await used()).toBeNull();
  await authenticate(context, text);
  const first = clock.now();
  clock.advance(3_599_999);
  await authenticate(context, text);
  expect(await used()).toBe(first);
  clock.advance(1);
  await authenticate(context, text);
  expect(await used()).toBe(first + 3_600_000);
  clock.advance(-7_200_000);
  await authenticate(context, text);
  expect(await used()).toBe(first + 3_600_000);
});

test('a scope is asked for by name', () => {
  const caller = { account: 'acc_x', key: 'key_x', scopes: ['audits:read'] as const };
  expect(() => requireScope(caller, 'audits:read')).not.toThrow();
  expect(() => requireScope(caller, 'audits:write')).toThrow(/lacks the scope "audits:write"/);
});

describe('an account with 100 keys', () => {
  test('gets no more while all of them open something', async () => {
    const { context, account } = await ready();
    for (let i = 1; i < 100; i++) await createKey(context, account, NEW);
    await expect(createKey(context, account, NEW)).rejects.toMatchObject({
      code: 'CONFLICT',
      help: expect.stringMatching(/Revoke/),
    });
    expect(await context.records.count(paths.keys(account))).toBe(100);
  });

  test('gets one for each that is revoked or has expired, which then leave the list', async () => {
    const { context, account, clock } = await ready();
    const { key } = await createKey(context, account, NEW);
    const expiring = await createKey(context, account, { ...NEW, expiresAt: clock.now() + 1 });
    for (let i = 3; i < 100; i++) await createKey(context, account, NEW);
    await revokeKey(context, account, key.id);
    clock.advance(1);
    const made = await createKey(context, account, NEW);
    const ids = (await listKeys(context, account)).map(({ id }) => id);
    expect(ids).toHaveLength(99);
    expect(ids).toContain(made.key.id);
    for (const gone of [key.id, expiring.key.id]) expect(ids).not.toContain(gone);
  });
});

describe('over HTTP', () => {
  test('a key can give no more than it may do itself', async () => {
    const { context, account, ask } = await ready();
    const { text } = await createKey(context, account, { ...NEW, scopes: ['keys', 'audits:read'] });
    const make = (scopes: readonly string[]) => ask(text, 'POST', '/v1/keys', { name: 'x', scopes });
    expect((await make(['audits:read'])).status).toBe(201);
    expect((await make(['keys', 'keys'])).body.key.scopes).toEqual(['keys']);
    expect((await make(['audits:read', 'billing'])).body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await make(['everything'])).status).toBe(400);
    expect((await make([])).status).toBe(400);
  });

  test('a key gives nothing for longer than it is there itself, and by itself no less', async () => {
    const { context, account, clock, ask } = await ready();
    const end = clock.now() + 5000;
    const iso = (ms: number) => new Date(ms).toISOString();
    const { text } = await createKey(context, account, { ...NEW, expiresAt: end });
    const make = (by: string, expiresAt?: number) =>
      ask(by, 'POST', '/v1/keys', {
        name: 'x',
        scopes: ['keys'],
        ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }),
      });
    const until = async (by: string, expiresAt?: number) => (await make(by, expiresAt)).body.key.expiresAt;
    expect(await until(text, end)).toBe(iso(end));
    expect(await until(text, end - 1)).toBe(iso(end - 1));
    expect(await until(text)).toBe(iso(end));
    expect((await make(text, end + 1)).body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    // Nor does a session of it, nor a key that it made.
    const signedIn = await ask(undefined, 'POST', '/v1/session', { key: text }, { 'sec-fetch-site': 'same-origin' });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const body = { name: 'x', scopes: ['keys'], expiresAt: iso(end + 1) };
    const bySession = await ask(undefined, 'POST', '/v1/keys', body, { cookie, 'sec-fetch-site': 'same-origin' });
    expect(bySession.body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const { body: second } = await make(text);
    expect((await make(second.text, end + 1)).status).toBe(403);
    // One that does not end gives what it likes.
    const { text: lasting } = await createKey(context, account, NEW);
    expect(await until(lasting)).toBeNull();
    expect(await until(lasting, end + 1)).toBe(iso(end + 1));
  });

  test('a key that would have expired already is refused', async () => {
    const { ask, key, clock } = await ready();
    const make = (expiresAt: string) => ask(key, 'POST', '/v1/keys', { name: 'x', scopes: ['keys'], expiresAt });
    expect((await make(new Date(clock.now()).toISOString())).status).toBe(400);
    for (const time of ['tomorrow', '2026-02-30T00:00:00Z', '2099-01-01', '1e99'])
      expect((await make(time)).status).toBe(400);
    expect((await make(new Date(clock.now() + 1).toISOString())).status).toBe(201);
  });
});
