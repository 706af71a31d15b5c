import { expect, test } from 'vitest';
import { around } from '../../../shared/platform/around.ts';
import { adoptSecret, dependsOnSecret } from '../../../shared/service/accounts/adopt-secret.ts';
import { authenticate, createKey, SCOPES } from '../../../shared/service/accounts/api-keys.ts';
import { operatorAccount } from '../../../shared/service/accounts/operator.ts';
import { callerOfSession, signIn } from '../../../shared/service/accounts/sessions.ts';
import { makeCode } from '../../../shared/service/accounts/sign-in-codes.ts';
import { hosted } from '../../support/service/hosted.ts';
import { SECRET, secretOf } from '../../support/service/webhook-service.ts';

const NEW = { name: 'k', scopes: SCOPES, expiresAt: null };
const REFUSED = { code: 'UNAUTHENTICATED' };

/** A service with a machine of its own and a customer, both with a key and a session. */
async function ready() {
  const world = hosted();
  const { context } = world;
  const machine = await operatorAccount(context, SECRET);
  await adoptSecret(context, SECRET);
  const own = await createKey(context, machine, NEW);
  const customer = await world.account();
  const sessions = [
    await signIn(context, { code: await makeCode(context, machine) }),
    await signIn(context, { key: customer.key }),
  ];
  return { ...world, machine, own: own.text, customer, tokens: sessions.map(({ token }) => token) };
}

test('the same secret changes nothing', async () => {
  const { context, own, tokens } = await ready();
  expect(await adoptSecret(context, SECRET)).toEqual({ change: 'same', revoked: 0 });
  await authenticate(context, own);
  for (const token of tokens) await callerOfSession(context, token);
});

test('another one ends all sessions, and keys that the former could have made; others stay, and so does the account', async () => {
  const { context, own, tokens, machine, customer } = await ready();
  const code = await makeCode(context, customer.account);
  expect(await adoptSecret(context, secretOf(8))).toEqual({ change: 'replaced', revoked: 2 });
  for (const token of tokens) await expect(callerOfSession(context, token)).rejects.toMatchObject(REFUSED);
  await expect(authenticate(context, own)).rejects.toMatchObject(REFUSED);
  await expect(signIn(context, { code })).rejects.toMatchObject(REFUSED);
  await authenticate(context, customer.key);
  expect(await operatorAccount(context, secretOf(8))).toBe(machine);
  // An instance with the former one that starts once more ends nothing.
  const { token } = await signIn(context, { key: customer.key });
  expect(await adoptSecret(context, SECRET)).toEqual({ change: 'same', revoked: 0 });
  await callerOfSession(context, token);
});

test('killed at any call, the next start does what is missing', async () => {
  for (let fatal = 1; ; fatal++) {
    const { context, own, tokens, customer } = await ready();
    let calls = 0;
    const dying = <R>(go: () => R): R => {
      calls += 1;
      if (calls >= fatal) throw new Error('killed');
      return go();
    };
    const records = around(context.records, {
      create: dying,
      get: dying,
      replace: dying,
      count: dying,
      list: dying,
      delete: dying,
      purge: dying,
    });
    const outcome = await adoptSecret({ ...context, records }, secretOf(8)).catch(() => 'killed');
    await adoptSecret(context, secretOf(8));
    for (const token of tokens)
      await expect(callerOfSession(context, token), `call ${fatal}`).rejects.toMatchObject(REFUSED);
    await expect(authenticate(context, own), `call ${fatal}`).rejects.toMatchObject(REFUSED);
    await authenticate(context, customer.key);
    expect((await adoptSecret(context, secretOf(8))).change).toBe('same');
    if (outcome !== 'killed') {
      expect(fatal).toBeGreaterThan(8);
      break;
    }
  }
});

test('the first start of this version revokes the key that earlier versions derived and put into links', async () => {
  const { context, account } = hosted();
  const machine = await operatorAccount(context, SECRET);
  expect(await dependsOnSecret(context)).toBe(false);
  const derived = await createKey(context, machine, { ...NEW, name: 'this machine' });
  const other = await account();
  const elsewhere = await createKey(context, other.account, { ...NEW, name: 'this machine' });
  const mine = await createKey(context, machine, NEW);
  expect(await dependsOnSecret(context)).toBe(true);
  expect(await adoptSecret(context, SECRET)).toEqual({ change: 'first', revoked: 2 });
  for (const { text } of [derived, elsewhere]) await expect(authenticate(context, text)).rejects.toMatchObject(REFUSED);
  await authenticate(context, mine.text);
});

test('what receipts verified with stays published, with the time until which it signed', async () => {
  const world = hosted();
  const { context, clock, ask } = world;
  const publicKey = async () => (await ask(undefined, 'GET', '/v1/receipt-key')).body;
  for (const [at, secret] of [secretOf(5), secretOf(6), SECRET].entries()) {
    if (at > 0) clock.advance(60_000);
    await adoptSecret(context, secret);
  }
  const now = clock.now();
  const { publicKey: current, former } = await publicKey();
  expect(former.map(({ until }: { until: string }) => Date.parse(until))).toEqual([now, now - 60_000]);
  const keys = new Set([current, ...former.map((key: { publicKey: string }) => key.publicKey)]);
  expect(keys.size).toBe(3);
});
