/** What a route of the API says once: who may call it, how often, and what happens when a request comes again. */
import { type RouteConfig, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Scope } from '../accounts/api-keys.ts';
import type { ServiceContext } from '../core/context.ts';
import { addressOf } from './address.ts';
import { callers, requireOwnPage } from './caller.ts';
import type { Tag } from './document.ts';
import type { Env } from './env.ts';
import { idempotent } from './idempotency.ts';
import { idempotencyKey } from './pages.ts';
import { PROBLEMS } from './problem.ts';
import type { Limits } from './rate-limit.ts';

type Path = `/v1/${string}`;

/** A route as it is written. What follows from its access is made by `routesOf`. */
type Spec = (Keyed | Keyless) & {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: Path;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: Tag;
  readonly request?: RouteConfig['request'];
  readonly responses: RouteConfig['responses'];
};

/** A route for an API key or a session of one. Its requests are counted by account. */
interface Keyed {
  /** The scope that the key needs. */
  readonly access: Scope | 'any key';
  /**
   * What happens when the same request comes again. 'once': with an Idempotency-Key, it gets the answer of the first
   * time. 'harmless': it may be repeated without one. Left out: reading, or what a repetition would do again.
   */
  readonly again?: 'once' | 'harmless';
  readonly counted?: never;
}

/** A route that asks for no key. */
interface Keyless {
  /** 'page' and 'session': only the page of this service calls it, before it is signed in and after. */
  readonly access: 'public' | 'page' | 'session';
  readonly again?: never;
  /** Whether its requests are counted by the address that they come from. */
  readonly counted?: 'by address';
}

type Access = Spec['access'];

const KEYED = z.object({ 'idempotency-key': idempotencyKey.optional() });

export type Route = ReturnType<typeof routesOf>;

/** Makes routes whose middleware and whose part of the OpenAPI document come from the same words. */
export function routesOf(context: ServiceContext, limits: Limits) {
  const caller = callers(context, limits);
  const once = idempotent(context);

  const counting =
    (operation: string): MiddlewareHandler<Env> =>
    async (c, next) => {
      await limits.requests.count(`${operation} ${addressOf(c, context.settings)}`, c);
      await next();
    };
  const fromOwnPage: MiddlewareHandler<Env> = async (c, next) => {
    requireOwnPage(c.req.raw.headers, context.settings.origin);
    await next();
  };

  return <const S extends Spec>({ access, again, counted, tag, ...route }: S) => {
    const made = {
      ...route,
      tags: [tag],
      security: securityOf(access),
      middleware: [
        ...(counted ? [counting(route.operationId)] : []),
        ...(access === 'page' || access === 'session' ? [fromOwnPage] : []),
        ...(isKeyed(access) ? [caller(access === 'any key' ? undefined : access)] : []),
        ...(again === 'once' ? [once] : []),
      ],
      responses: { ...route.responses, ...PROBLEMS },
    };
    if (again === 'harmless') Object.assign(made, { 'x-repeatable': true });
    // Handlers need not know of the header, so the type of the route does not either.
    if (again === 'once') Object.assign(made, { request: { ...route.request, headers: KEYED } });
    return made;
  };
}

/** Who may call a route, in the words of OpenAPI. */
function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'public' || access === 'page') return [];
  if (access === 'session') return [{ session: [] }];
  const scopes = access === 'any key' ? [] : [access];
  return [{ key: scopes }, { session: scopes }];
}

function isKeyed(access: Access): access is Keyed['access'] {
  return access !== 'public' && access !== 'page' && access !== 'session';
}
