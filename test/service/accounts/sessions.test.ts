import { expect, test } from 'vitest';
import { createKey, revokeKey } from '../../../shared/service/accounts/api-keys.ts';
import { callerOfSession, SESSION_MS, signIn, signOut } from '../../../shared/service/accounts/sessions.ts';
import { HostedWorld } from '../../support/service/hosted-world.ts';
import { allStored } from '../../support/service/storage.ts';

async function ready() {
  const world = new HostedWorld();
  const { account } = await world.account();
  const { text, key } = await createKey(world.context, account, {
    name: 'k',
    scopes: ['audits:read'],
    expiresAt: null,
  });
  return { world, context: world.context, account, text, key: key.id };
}

test('a session may do what its key may, and is kept as a digest', async () => {
  const { world, context, account, text, key } = await ready();
  const { token, caller } = await signIn(context, { key: text });
  expect(caller).toEqual({ account, key, scopes: ['audits:read'], expiresAt: null });
  expect(await callerOfSession(context, token)).toEqual(caller);
  expect(token).toMatch(/^[\w-]{43}$/);
  for (const { name, bytes } of allStored(world.hosted.folder)) expect(bytes.includes(token), name).toBe(false);
  expect((await signIn(context, { key: text })).token).not.toBe(token);
});

test('it ends after twelve hours, and its record goes then', async () => {
  const { world, context, text } = await ready();
  const { token } = await signIn(context, { key: text });
  await world.pass(SESSION_MS - 1);
  await callerOfSession(context, token);
  world.hosted.clock.advance(1);
  await expect(callerOfSession(context, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await world.pass(0);
  expect(await context.records.count('sessions')).toBe(0);
});

test('it ends with its key, and when it is signed out; signing out again is nothing', async () => {
  const { context, account, text, key } = await ready();
  const [one, other] = [await signIn(context, { key: text }), await signIn(context, { key: text })];
  await signOut(context, one.token);
  await signOut(context, one.token);
  await expect(callerOfSession(context, one.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await callerOfSession(context, other.token);
  await revokeKey(context, account, key);
  await expect(callerOfSession(context, other.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('nobody signs in from another site, nor with what is no key', async () => {
  const { world, text } = await ready();
  const sign = (key: string, headers: Record<string, string>) =>
    world.ask(undefined, 'POST', '/v1/session', { key }, headers);
  expect((await sign(text, {})).status).toBe(403);
  expect((await sign(text, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await sign(text, { origin: 'http://localhost:8080.evil.example' })).status).toBe(403);
  const good = await sign(text, { 'sec-fetch-site': 'same-origin' });
  expect(good.status).toBe(200);
  expect(JSON.stringify(good.body)).not.toContain(text);
  const bad = await sign(`${text.slice(0, -1)}_`, { 'sec-fetch-site': 'same-origin' });
  expect(bad.status).toBe(401);
  expect(bad.headers.get('set-cookie')).toBeNull();
});
