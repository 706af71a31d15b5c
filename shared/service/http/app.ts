/** Puts the routes of the HTTP API together. */
import { randomUUID } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { RewoundError } from '../../errors.ts';
import type { ServiceContext } from '../core/context.ts';
import { routesOf } from './access.ts';
import { documentOf, METHODS } from './document.ts';
import { type Env, incomingOf } from './env.ts';
import { answerProblem, errorOf } from './problem.ts';
import { limitsOf } from './rate-limit.ts';
import { REFERENCE_POLICY, renderReference } from './reference.ts';
import { router } from './router.ts';
import { accountRoutes } from './routes/account.ts';
import { auditRoutes } from './routes/audits.ts';
import { creditRoutes } from './routes/credits.ts';
import { type DashboardOptions, dashboardRoutes } from './routes/dashboard.ts';
import { healthRoutes } from './routes/health.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { Watching } from './watch.ts';

export interface ApiOptions extends Watching, DashboardOptions {
  /** Told of each request that was answered. */
  readonly onAnswer?: (answer: Answered) => void;
}

/** What is worth a line of a log: the route, never what filled it in. */
export interface Answered {
  readonly request: string;
  readonly method: string;
  /** Such as `/v1/audits/{audit}`. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly account?: string;
  /** The error's code, where one was answered. */
  readonly code?: string;
}

const REQUEST_ID = /^[\w.-]{8,128}$/;

/** The HTTP API, version 1: every route, and the document that describes them. */
export function createApi(context: ServiceContext, options: ApiOptions = {}): OpenAPIHono<Env> {
  const app = router();
  const limits = limitsOf(context.settings.requestsPerMinute);
  const route = routesOf(context, limits);
  const codes = new WeakMap<Request, string>();

  app.use(async (c, next) => {
    const start = performance.now();
    const given = c.req.header('x-request-id') ?? '';
    c.set('requestId', REQUEST_ID.test(given) ? given : randomUUID());
    await next();
    c.header('x-request-id', c.get('requestId'));
    for (const [name, value] of SECURITY_HEADERS) if (!c.res.headers.has(name)) c.header(name, value);
    // Not every route asks who calls.
    const known: Partial<typeof c.var> = c.var;
    const code = codes.get(c.req.raw);
    options.onAnswer?.({
      request: c.get('requestId'),
      method: c.req.method,
      route: c.req.routePath,
      status: c.res.status,
      ms: Math.round(performance.now() - start),
      ...(known.caller === undefined ? {} : { account: known.caller.account }),
      ...(code === undefined ? {} : { code }),
    });
  });
  app.use(async (c, next) => {
    const { refused } = incomingOf(c);
    if (refused === undefined) return next();
    // The rest of the body is not read: the connection can serve nothing else.
    c.header('connection', 'close');
    throw refused;
  });
  app.onError((thrown, c) => {
    codes.set(c.req.raw, errorOf(thrown).code);
    return answerProblem(c, thrown);
  });
  app.notFound((c) => {
    const methods = methodsOf(app, c.req.path);
    const isThere = methods.length > 0 && !methods.includes(c.req.method);
    if (isThere) c.header('allow', methods.join(', '));
    const error = isThere
      ? new RewoundError('METHOD_NOT_ALLOWED', `This address takes ${methods.join(', ')}.`, { help: ROUTES })
      : new RewoundError('NOT_FOUND', 'There is nothing at this address.', { help: ROUTES });
    codes.set(c.req.raw, error.code);
    return answerProblem(c, error);
  });

  app.route('/', healthRoutes(context, route));
  app.route('/', sessionRoutes(context, route));
  app.route('/', accountRoutes(context, route, limits));
  app.route('/', auditRoutes(context, route, options));
  app.route('/', creditRoutes(context, route));
  app.route('/', webhookRoutes(context, route));
  app.route('/', dashboardRoutes(context, options));

  const document = documentOf(app, context.settings.origin);
  app.get('/v1/openapi.json', (c) => c.json(document));
  const reference = renderReference(document);
  app.get('/v1/reference', (c) => c.html(reference, 200, { 'content-security-policy': REFERENCE_POLICY }));
  return app;
}

const ROUTES = '/v1/openapi.json lists every route.';

/** Methods that a path takes, as an Allow header names them. */
function methodsOf({ router }: OpenAPIHono<Env>, path: string): string[] {
  const handlers = (method: string) => router.match(method, path)[0].length;
  // What stands before all routes is there for any method.
  const always = handlers('');
  return METHODS.map((method) => method.toUpperCase())
    .filter((method) => handlers(method) > always)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

/** What every answer says to a browser, unless a route says otherwise. */
const SECURITY_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cache-control', 'no-store'],
  ['strict-transport-security', 'max-age=31536000'],
] as const;
