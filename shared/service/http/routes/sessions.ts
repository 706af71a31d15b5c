/** The routes of signing in and out. */
import { z } from '@hono/zod-openapi';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Caller } from '../../accounts/api-keys.ts';
import { type Credential, callerOfSession, SESSION_MS, signIn, signOut } from '../../accounts/sessions.ts';
import type { ServiceContext } from '../../core/context.ts';
import type { Route } from '../access.ts';
import { isSecure, sessionCookie } from '../caller.ts';
import { answer, json } from '../pages.ts';
import { errorOf } from '../problem.ts';
import { idSchema, scopesSchema } from '../resources.ts';
import { router } from '../router.ts';

const sessionSchema = z
  .strictObject({
    account: idSchema('account'),
    /** The key it was begun with. */
    key: idSchema('key'),
    scopes: scopesSchema,
  })
  .openapi('Session');
/** What the page knows of its session. */
export type Session = z.infer<typeof sessionSchema>;

const credential = (description: string) => z.string().min(1).max(200).openapi({ description });

const signInSchema = z
  .strictObject({
    key: credential('An API key.').optional(),
    code: credential('In place of a key: a sign-in code from the operator, which is good for one session.').optional(),
  })
  .refine(({ key, code }) => (key === undefined) !== (code === undefined), 'has either key or code')
  .openapi('SignIn', { example: { key: 'rwk_7g0h3x9k2m4n5q6r_3x9k2m4n5q6r7s8t_...' } });

function credentialOf({ key, code }: z.infer<typeof signInSchema>): Credential {
  return code === undefined ? { key: key ?? '' } : { code };
}

/** Signing in to the page: a key or a code is exchanged for a cookie that scripts cannot read. */
export function sessionRoutes(context: ServiceContext, route: Route) {
  const app = router();
  const { origin } = context.settings;
  const name = sessionCookie(origin);
  const cookie = { httpOnly: true, sameSite: 'Strict', path: '/', secure: isSecure(origin) } as const;

  app.openapi(
    route({
      method: 'post',
      path: '/v1/session',
      operationId: 'signIn',
      summary: 'Sign in at the page',
      description:
        'For the page of the service itself, with a key or with a sign-in code: programs send the key with each request.',
      tag: 'Account',
      access: 'page',
      counted: 'by address',
      request: {
        body: json(signInSchema),
      },
      responses: { 200: answer('Signed in; the session is in a cookie.', sessionSchema) },
    }),
    async (c) => {
      const { token, caller } = await signIn(context, credentialOf(c.req.valid('json')));
      setCookie(c, name, token, { ...cookie, maxAge: SESSION_MS / 1000 });
      return c.json(sessionOf(caller), 200);
    },
  );

  app.openapi(
    route({
      method: 'get',
      path: '/v1/session',
      operationId: 'getSession',
      summary: 'Who is signed in at the page',
      tag: 'Account',
      access: 'public',
      counted: 'by address',
      responses: { 200: answer('The session.', sessionSchema), 204: { description: 'Nobody is.' } },
    }),
    async (c) => {
      const token = getCookie(c, name);
      if (token === undefined) return c.body(null, 204);
      try {
        return c.json(sessionOf(await callerOfSession(context, token)), 200);
      } catch (thrown) {
        if (errorOf(thrown).code !== 'UNAUTHENTICATED') throw thrown;
        return c.body(null, 204);
      }
    },
  );

  app.openapi(
    route({
      method: 'delete',
      path: '/v1/session',
      operationId: 'signOut',
      summary: 'Sign out',
      tag: 'Account',
      access: 'session',
      responses: { 204: { description: 'Signed out.' } },
    }),
    async (c) => {
      const token = getCookie(c, name);
      if (token !== undefined) await signOut(context, token);
      deleteCookie(c, name, cookie);
      return c.body(null, 204);
    },
  );

  return app;
}

function sessionOf({ account, key, scopes }: Caller): Session {
  return { account, key, scopes: [...scopes] };
}
