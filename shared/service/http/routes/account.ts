import { createRoute, z } from '@hono/zod-openapi';
import { RewoundError } from '../../../errors.ts';
import { accountChangeSchema, changeAccount, createAccount, readAccount } from '../../accounts.ts';
import { createKey, listKeys, requireScope, revokeKey, SCOPES, scopeSchema } from '../../api-keys.ts';
import type { ServiceContext } from '../../context.ts';
import { balanceOf } from '../../credits.ts';
import { idPattern } from '../../ids.ts';
import { addressOf } from '../address.ts';
import { type callers, SECURITY } from '../caller.ts';
import { router } from '../env.ts';
import { answer, json } from '../pages.ts';
import { PROBLEMS } from '../problem.ts';
import type { RateLimit } from '../rate-limit.ts';
import { accountResource, accountSchema, keyResource, keySchema } from '../resources.ts';

const newKeySchema = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(scopeSchema).min(1).max(SCOPES.length),
    /** When it ends by itself; without, when it is revoked. */
    expiresAt: z.iso.datetime().optional(),
  })
  .openapi('NewKey');

/** The one answer that holds a key's text. */
const createdKeySchema = z
  .strictObject({ key: keySchema, text: z.string().openapi({ example: 'rwk_...' }) })
  .openapi('CreatedKey');

export function accountRoutes(context: ServiceContext, caller: ReturnType<typeof callers>, limit: RateLimit) {
  const app = router();
  const free = context.settings.stripe === null;
  const show = async (account: string) =>
    accountResource(account, await readAccount(context, account), await balanceOf(context, account), free);

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/accounts',
      operationId: 'createAccount',
      summary: 'Make an account',
      description:
        'With its first key, which may do everything and is shown this once. Closed on services whose operator makes the accounts.',
      tags: ['Account'],
      security: [],
      request: { body: json(z.strictObject({ name: z.string().trim().min(1).max(100) }).openapi('NewAccount')) },
      responses: {
        201: answer(
          'The account and its first key.',
          z.strictObject({ account: accountSchema, key: keySchema, text: z.string() }).openapi('CreatedAccount'),
        ),
        ...PROBLEMS,
      },
    }),
    async (c) => {
      await limit(`sign-up ${addressOf(c)}`, c);
      if (context.settings.signUp === 'closed') {
        throw new RewoundError('FORBIDDEN', 'This service makes no accounts by itself.', {
          help: 'Ask whoever runs it for an account.',
        });
      }
      const id = await createAccount(context, c.req.valid('json').name);
      const { key, text } = await createKey(context, id, { name: 'first key', scopes: SCOPES, expiresAt: null });
      c.header('cache-control', 'no-store');
      return c.json({ account: await show(id), key: keyResource(key), text }, 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/account',
      operationId: 'getAccount',
      summary: 'The account and its credits',
      tags: ['Account'],
      security: SECURITY,
      middleware: [caller()],
      responses: { 200: answer('The account.', accountSchema), ...PROBLEMS },
    }),
    async (c) => c.json(await show(c.get('caller').account), 200),
  );

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/v1/account',
      operationId: 'changeAccount',
      summary: 'Change name, retention, or when to warn of few credits',
      description: 'Retention counts for audits that end from now on.',
      tags: ['Account'],
      security: SECURITY,
      middleware: [caller('account')],
      request: { body: json(accountChangeSchema.meta({ id: 'AccountChange' })) },
      responses: { 200: answer('The account.', accountSchema), ...PROBLEMS },
    }),
    async (c) => {
      const { account } = c.get('caller');
      await changeAccount(context, account, c.req.valid('json'));
      return c.json(await show(account), 200);
    },
  );

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/keys',
      operationId: 'listKeys',
      summary: 'List API keys',
      tags: ['Keys'],
      security: SECURITY,
      middleware: [caller('keys')],
      responses: {
        200: answer('All keys, revoked ones too.', z.strictObject({ items: z.array(keySchema) }).openapi('Keys')),
        ...PROBLEMS,
      },
    }),
    async (c) => c.json({ items: (await listKeys(context, c.get('caller').account)).map(keyResource) }, 200),
  );

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys',
      operationId: 'createKey',
      summary: 'Make an API key',
      description: 'Its text is in this answer and nowhere else. A key can give no more than it may do itself.',
      tags: ['Keys'],
      security: SECURITY,
      middleware: [caller('keys')],
      request: { body: json(newKeySchema) },
      responses: { 201: answer('The key.', createdKeySchema), ...PROBLEMS },
    }),
    async (c) => {
      const { name, scopes, expiresAt } = c.req.valid('json');
      const own = c.get('caller');
      for (const scope of scopes) requireScope(own, scope);
      const end = expiresAt === undefined ? null : Date.parse(expiresAt);
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
      c.header('cache-control', 'no-store');
      return c.json({ key: keyResource(key), text }, 201);
    },
  );

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/keys/{key}',
      operationId: 'revokeKey',
      summary: 'Revoke an API key',
      description: 'At once, with all sessions of it. It stays in the list.',
      tags: ['Keys'],
      security: SECURITY,
      middleware: [caller('keys')],
      request: { params: z.strictObject({ key: z.string().regex(idPattern('key')) }) },
      responses: { 200: answer('The key, revoked.', keySchema), ...PROBLEMS },
    }),
    async (c) => c.json(keyResource(await revokeKey(context, c.get('caller').account, c.req.valid('param').key)), 200),
  );

  return app;
}
