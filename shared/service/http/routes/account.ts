/** The routes of accounts and keys. */
import { z } from '@hono/zod-openapi';
import { RewoundError } from '../../../errors.ts';
import { accountChangeSchema, changeAccount, createAccount, readAccount } from '../../accounts/accounts.ts';
import { createKey, endOf, listKeys, requireScope, revokeKey, SCOPES } from '../../accounts/api-keys.ts';
import { balanceOf } from '../../billing/credits.ts';
import type { ServiceContext } from '../../core/context.ts';
import type { Route } from '../access.ts';
import { addressOf } from '../address.ts';
import { answer, json, NOT_KEPT } from '../pages.ts';
import type { Limits } from '../rate-limit.ts';
import { accountResource, accountSchema, idSchema, keyResource, keySchema, scopesSchema } from '../resources.ts';
import { router } from '../router.ts';

const newKeySchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100).openapi({ example: 'build server' }),
    scopes: scopesSchema
      .min(1)
      .max(SCOPES.length)
      .openapi({ example: ['audits:read', 'audits:write'] }),
    expiresAt: z.iso.datetime().optional().openapi({
      description:
        'When it ends by itself: no later than the key that makes it. Without, it ends with that key; if that one does not end, when it is revoked.',
      example: '2027-11-23T09:30:00.000Z',
    }),
  })
  .openapi('NewKey');

const textSchema = z.string().openapi({
  description: 'The key itself, to be sent as "Authorization: Bearer ...". Shown this once.',
  example: 'rwk_7g0h3x9k2m4n5q6r_3x9k2m4n5q6r7s8t_1a2b3c4d5e6f7g8h9j0k1m2n3p4q5r6s',
});

/** The one answer, but for a new account's, that holds a key's text. */
const createdKeySchema = z.strictObject({ key: keySchema, text: textSchema }).openapi('CreatedKey');

const newAccountSchema = z
  .strictObject({ name: z.string().trim().min(1).max(100).openapi({ example: 'Acme Faces' }) })
  .openapi('NewAccount');

export function accountRoutes(context: ServiceContext, route: Route, { signUps }: Limits) {
  const app = router();
  const free = context.settings.stripe === null;
  const show = async (account: string) =>
    accountResource(account, await readAccount(context, account), await balanceOf(context, account), free);

  app.openapi(
    route({
      method: 'post',
      path: '/v1/accounts',
      operationId: 'createAccount',
      summary: 'Make an account',
      description:
        'With its first key, which may do everything and is shown this once. Closed on services whose operator makes the accounts. Five an hour from one address.',
      tag: 'Account',
      access: 'public',
      request: { body: json(newAccountSchema) },
      responses: {
        201: answer(
          'The account and its first key.',
          z.strictObject({ account: accountSchema, key: keySchema, text: textSchema }).openapi('CreatedAccount'),
        ),
      },
    }),
    async (c) => {
      if (context.settings.signUp === 'closed') {
        throw new RewoundError('FORBIDDEN', 'This service makes no accounts by itself.', {
          help: 'Ask whoever runs it for an account.',
        });
      }
      await signUps.count(addressOf(c, context.settings), c);
      const id = await createAccount(context, c.req.valid('json').name);
      const { key, text } = await createKey(context, id, { name: 'first key', scopes: SCOPES, expiresAt: null });
      return c.json({ account: await show(id), key: keyResource(key), text }, 201);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/account',
      operationId: 'getAccount',
      summary: 'The account and its credits',
      tag: 'Account',
      access: 'any key',
      responses: { 200: answer('The account.', accountSchema) },
    }),
    async (c) => c.json(await show(c.get('caller').account), 200),
  );

  app.openapi(
    route({
      method: 'patch',
      path: '/v1/account',
      operationId: 'changeAccount',
      summary: 'Change name, retention, or when to warn of few credits',
      description: 'Retention counts for audits that end from now on.',
      tag: 'Account',
      access: 'account',
      request: { body: json(accountChangeSchema.meta({ id: 'AccountChange' })) },
      responses: { 200: answer('The account.', accountSchema) },
    }),
    async (c) => {
      const { account } = c.get('caller');
      await changeAccount(context, account, c.req.valid('json'));
      return c.json(await show(account), 200);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/keys',
      operationId: 'listKeys',
      summary: 'List API keys',
      tag: 'Keys',
      access: 'keys',
      responses: {
        200: answer('All keys, revoked ones too.', z.strictObject({ items: z.array(keySchema) }).openapi('Keys')),
      },
    }),
    async (c) => c.json({ items: (await listKeys(context, c.get('caller').account)).map(keyResource) }, 200),
  );

  app.openapi(
    route({
      method: 'post',
      path: '/v1/keys',
      operationId: 'createKey',
      summary: 'Make an API key',
      description: `Its text is in this answer and nowhere else. A key can give no more than it may do itself, and for no longer than it is there itself; what would be more is FORBIDDEN. ${NOT_KEPT} Where no answer came, list the keys and revoke what was made.`,
      tag: 'Keys',
      access: 'keys',
      request: { body: json(newKeySchema) },
      responses: { 201: answer('The key.', createdKeySchema) },
    }),
    async (c) => {
      const { name, scopes, expiresAt } = c.req.valid('json');
      const own = c.get('caller');
      for (const scope of scopes) requireScope(own, scope);
      const end = endOf(expiresAt === undefined ? undefined : Date.parse(expiresAt), own);
      if (end !== null && end <= context.clock.now()) {
        throw new RewoundError('REQUEST_INVALID', 'The key would have expired already.', {
          help: 'Give a later expiresAt.',
        });
      }
      const { key, text } = await createKey(context, own.account, {
        name,
        scopes: [...new Set(scopes)],
        expiresAt: end,
      });
      return c.json({ key: keyResource(key), text }, 201);
    },
  );

  app.openapi(
    route({
      method: 'delete',
      path: '/v1/keys/{key}',
      operationId: 'revokeKey',
      summary: 'Revoke an API key',
      description: 'At once, with all sessions of it. It stays in the list.',
      tag: 'Keys',
      access: 'keys',
      request: { params: z.strictObject({ key: idSchema('key') }) },
      responses: { 200: answer('The key, revoked.', keySchema) },
    }),
    async (c) => c.json(keyResource(await revokeKey(context, c.get('caller').account, c.req.valid('param').key)), 200),
  );

  return app;
}
