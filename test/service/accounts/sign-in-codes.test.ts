import { describe, expect, test } from 'vitest';
import { listKeys, revokeKey, SCOPES } from '../../../shared/service/accounts/api-keys.ts';
import { callerOfSession, endSessions, signIn } from '../../../shared/service/accounts/sessions.ts';
import { CODE_MS, makeCode } from '../../../shared/service/accounts/sign-in-codes.ts';
import { paths } from '../../../shared/service/core/paths.ts';
import { HostedWorld } from '../../support/service/hosted-world.ts';
import { allStored } from '../../support/service/storage.ts';

async function ready() {
  const world = new HostedWorld();
  const { account } = await world.account();
  return { world, context: world.context, account, code: await makeCode(world.context, account) };
}
const REFUSED = { code: 'UNAUTHENTICATED' };

test('a code begins a session that may do everything, and is kept as a digest', async () => {
  const { world, context, account, code } = await ready();
  expect(code).toMatch(/^rwc_[0-9a-z]{32}$/);
  const { token, caller } = await signIn(context, { code });
  expect(caller).toMatchObject({ account, scopes: SCOPES });
  expect(await callerOfSession(context, token)).toEqual(caller);
  for (const { name, bytes } of allStored(world.hosted.folder)) {
    expect(bytes.includes(code.slice(4)), name).toBe(false);
    expect(bytes.includes(token), name).toBe(false);
  }
});

test('of many uses at the same time exactly one begins a session', async () => {
  const { context, code } = await ready();
  const uses = await Promise.allSettled(Array.from({ length: 20 }, () => signIn(context, { code })));
  expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const use of uses) if (use.status === 'rejected') expect(use.reason).toMatchObject(REFUSED);
  expect(await context.records.count(paths.sessions)).toBe(1);
  await expect(signIn(context, { code })).rejects.toMatchObject(REFUSED);
});

test.each(['start', 'sessions'])(
  'killed before it wrote to %s, a code is never good for a second session',
  async (at) => {
    const { context, code } = await ready();
    const records = {
      ...context.records,
      create: async (...args: Parameters<typeof context.records.create>) => {
        if (at === 'start' || args[0].startsWith('sessions/')) throw new Error('killed');
        return context.records.create(...args);
      },
    };
    await expect(signIn({ ...context, records }, { code })).rejects.toThrow('killed');
    const second = signIn(context, { code });
    if (at === 'start') await second;
    else await expect(second).rejects.toMatchObject(REFUSED);
    expect(await context.records.count(paths.sessions)).toBe(at === 'start' ? 1 : 0);
  },
);

test('it ends after ten minutes, and then nothing is left of it', async () => {
  const { world, context, account, code } = await ready();
  const other = await makeCode(context, account);
  await signIn(context, { code: other });
  await world.pass(CODE_MS - 1);
  await signIn(context, { code: await makeCode(context, account) });
  world.hosted.clock.advance(1);
  await expect(signIn(context, { code })).rejects.toMatchObject(REFUSED);
  await world.pass(CODE_MS);
  expect(await context.records.count(paths.signInCodes)).toBe(0);
  expect(await context.records.count('signInUses')).toBe(0);
});

test('revoking the key that codes hang on ends their sessions, and the codes that wait', async () => {
  const { context, account, code } = await ready();
  const { token, caller } = await signIn(context, { code });
  const waiting = await makeCode(context, account);
  expect((await listKeys(context, account)).find(({ id }) => id === caller.key)?.name).toBe('sign-in codes');
  await revokeKey(context, account, caller.key);
  await expect(callerOfSession(context, token)).rejects.toMatchObject(REFUSED);
  await expect(signIn(context, { code: waiting })).rejects.toMatchObject(REFUSED);
  await signIn(context, { code: await makeCode(context, account) });
});

test('all sessions and codes can be ended', async () => {
  const { context, code, account } = await ready();
  const { token } = await signIn(context, { code });
  const waiting = await makeCode(context, account);
  await endSessions(context);
  await expect(callerOfSession(context, token)).rejects.toMatchObject(REFUSED);
  await expect(signIn(context, { code: waiting })).rejects.toMatchObject(REFUSED);
});

describe('over HTTP', () => {
  test('a code is exchanged by the page only, and is no API key', async () => {
    const { world, code } = await ready();
    const exchange = (body: object, site = 'same-origin') =>
      world.ask(undefined, 'POST', '/v1/session', body, { 'sec-fetch-site': site });
    expect((await exchange({ code }, 'cross-site')).status).toBe(403);
    expect((await exchange({ key: code })).status).toBe(401);
    expect((await world.ask(code, 'GET', '/v1/account')).status).toBe(401);
    expect((await exchange({ code, key: code })).status).toBe(400);
    const { status, headers, body } = await exchange({ code });
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toContain(code);
    expect(headers.get('set-cookie')).not.toContain(code);
    expect((await exchange({ code })).status).toBe(401);
  });
});
