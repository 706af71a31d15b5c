/** Authenticates the caller of a request. */
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { isOurs } from '../../error-codes.ts';
import { RewoundError } from '../../errors.ts';
import { authenticate, type Caller, requireScope, type Scope, unauthenticated } from '../accounts/api-keys.ts';
import { callerOfSession } from '../accounts/sessions.ts';
import type { ServiceContext } from '../core/context.ts';
import { addressOf } from './address.ts';
import type { Env } from './env.ts';
import { errorOf } from './problem.ts';
import type { Limits } from './rate-limit.ts';

const SESSION_COOKIE = 'rewound_session';

/**
 * The name of the session's cookie. Over https it has the prefix `__Host-`: browsers take such a cookie only from the
 * host itself and only over https, so no other host of the domain can put one of its own in its place. Over plain http,
 * which is for this machine alone, Safari takes no cookie that is marked as secure, and the prefix needs the mark.
 */
export function sessionCookie(origin: string): string {
  return isSecure(origin) ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;
}

export function isSecure(origin: string): boolean {
  return origin.startsWith('https:');
}

/**
 * Who makes a request, by API key or by the session of the page; whether they may, and not too often. A session is a
 * cookie, which browsers send whoever asks for it: what changes anything must come from a page of this service.
 */
export function callers(context: ServiceContext, { requests }: Limits) {
  const cookie = sessionCookie(context.settings.origin);
  return (scope?: Scope): MiddlewareHandler<Env> =>
    async (c, next) => {
      const address = `address ${addressOf(c, context.settings)}`;
      // Keys cannot be guessed; but each guess reads a record. Whoever made too many is not looked up any more.
      await requests.check(address, c);
      const caller = await callerOf(context, c.req.raw.headers, getCookie(c, cookie), c.req.method).catch(
        async (thrown) => {
          if (!isOurs(errorOf(thrown).code)) await requests.count(address, c);
          throw thrown;
        },
      );
      await requests.count(`account ${caller.account}`, c);
      if (scope !== undefined) requireScope(caller, scope);
      c.set('caller', caller);
      await next();
    };
}

async function callerOf(
  context: ServiceContext,
  headers: Headers,
  session: string | undefined,
  method: string,
): Promise<Caller> {
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    const [, text] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (text === undefined) throw unauthenticated();
    return authenticate(context, text);
  }
  if (session === undefined) throw unauthenticated();
  if (method !== 'GET' && method !== 'HEAD') requireOwnPage(headers, context.settings.origin);
  return callerOfSession(context, session);
}

/** Throws FORBIDDEN unless a browser says that one of our own pages asks. */
export function requireOwnPage(headers: Headers, origin: string): void {
  const site = headers.get('sec-fetch-site');
  if (site === null ? headers.get('origin') === origin : site === 'same-origin') return;
  throw new RewoundError('FORBIDDEN', 'The request comes from another site.', {
    help: 'Use the page of this service, or an API key.',
  });
}
