import { expect, test } from 'vitest';
import { changeAccount, createAccount, readAccount } from '../../../shared/service/accounts/accounts.ts';
import { hosted } from '../../support/service/hosted.ts';

test('a new account has nothing but its defaults', async () => {
  const { ask } = hosted();
  const { status, body } = await ask(undefined, 'POST', '/v1/accounts', { name: '  Acme  ' });
  expect(status).toBe(201);
  expect(body.account).toMatchObject({
    name: 'Acme',
    retention: { uploads: 'end', workDays: 1, reportDays: 90 },
    credits: { available: 0, held: 0, spent: 0 },
    free: true,
  });
  expect(body.key.scopes).toEqual(['audits:read', 'audits:write', 'webhooks', 'billing', 'account', 'keys']);
  expect((await ask(body.text, 'GET', '/v1/account')).body).toEqual(body.account);
});

test('where the operator makes the accounts nobody else does', async () => {
  const { ask, context } = hosted({ signUp: 'closed' });
  expect((await ask(undefined, 'POST', '/v1/accounts', { name: 'x' })).body).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
  });
  expect(await context.records.count('accounts')).toBe(0);
});

test('what is changed is changed, and the rest stays', async () => {
  const { ask, account } = hosted();
  const { key } = await account();
  const change = async (body: object) => (await ask(key, 'PATCH', '/v1/account', body)).body;
  expect(await change({ retention: { reportDays: 7 } })).toMatchObject({
    name: 'an account',
    retention: { uploads: 'end', workDays: 1, reportDays: 7 },
  });
  expect(await change({ retention: { uploads: 'report' }, lowCredits: 0 })).toMatchObject({
    retention: { uploads: 'report', reportDays: 7 },
    lowCredits: 0,
  });
  expect(await change({})).toMatchObject({ retention: { uploads: 'report', reportDays: 7 }, lowCredits: 0 });
  for (const body of [
    { retention: { reportDays: 0 } },
    { retention: { reportDays: 3651 } },
    { retention: { workDays: 15 } },
    { retention: { uploads: 'never' } },
    { retention: { days: 1 } },
    { lowCredits: -1 },
    { name: ' ' },
    { credits: { available: 1e6 } },
    { free: true },
    { id: 'acc_0000000000000000' },
  ]) {
    expect((await change(body)).status, JSON.stringify(body)).toBe(400);
  }
});

test('changes at the same time are all kept', async () => {
  const { context } = hosted();
  const id = await createAccount(context, 'an account');
  await Promise.all([
    changeAccount(context, id, { name: 'another' }),
    changeAccount(context, id, { lowCredits: 1 }),
    changeAccount(context, id, { retention: { workDays: 2 } }),
    changeAccount(context, id, { retention: { reportDays: 3 } }),
  ]);
  expect(await readAccount(context, id)).toMatchObject({
    name: 'another',
    lowCredits: 1,
    retention: { workDays: 2, reportDays: 3 },
  });
});

test('an account that is closed answers nobody', async () => {
  const { ask, account, context } = hosted();
  const { account: id, key } = await account();
  await context.records.delete(`accounts/${id}`);
  expect((await ask(key, 'GET', '/v1/account')).body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
});
