/** Makes the OpenAPI document. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import packageJson from '../../../package.json' with { type: 'json' };
import { EVENT_TYPES, type EventType, eventData } from '../webhooks/event-types.ts';
import { sessionCookie } from './caller.ts';
import type { Env } from './env.ts';

export type Document = ReturnType<OpenAPIHono<Env>['getOpenAPI31Document']>;
type Operation = NonNullable<NonNullable<Document['paths']>[string]['get']>;
type RouteConfig = Parameters<OpenAPIHono<Env>['openAPIRegistry']['registerWebhook']>[0];

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

const DESCRIPTION = `Audits a face generator for the training people it gives away.

An audit is created, given its files, started, and watched until it has ended; then its report is read. Requests and
answers are JSON, times are UTC, money is whole credits. Fields may be added to answers within version 1; requests with
unknown fields are refused. What goes wrong is answered with a problem document (RFC 9457) whose code is stable.`;

/** The OpenAPI document of every route that is registered, whole. */
export function documentOf(app: OpenAPIHono<Env>, origin: string): Document {
  const registry = app.openAPIRegistry;
  registry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `Authorization: Bearer rwk_...`.',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie(origin),
    description: 'A session of the page, for reading from anywhere and for changing from the page itself.',
  });
  registry.registerComponent('headers', 'RequestId', {
    description: 'Names this request. The X-Request-Id that was sent, if it has 8 to 128 letters, digits, . _ or -.',
    schema: { type: 'string' },
  });
  registry.registerComponent('headers', 'RetryAfter', {
    description: 'Seconds to wait before the same request may succeed. With 429 and, where it is known, 409 and 503.',
    schema: { type: 'integer', minimum: 0 },
  });
  registry.registerComponent('headers', 'IdempotentReplayed', {
    description: '`true` where this is the answer that an earlier request with the same Idempotency-Key got.',
    schema: { type: 'string', enum: ['true'] },
  });
  for (const type of EVENT_TYPES) registry.registerWebhook(webhookOf(type));
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Rewound',
      version: packageJson.version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: origin }],
    tags: [...TAGS],
  });
  for (const { operation } of operations(document)) addHeaders(operation);
  return document;
}

const TAGS = [
  { name: 'Audits', description: 'From a quote to a report, and to nothing.' },
  { name: 'Credits', description: 'What audits cost, and the ledger of it.' },
  { name: 'Webhooks', description: 'Where events are sent, and what became of each message.' },
  { name: 'Account', description: 'The account, and signing in at the page.' },
  { name: 'Keys', description: 'API keys and what they may do.' },
  { name: 'Service', description: 'For everybody, without a key.' },
] as const;
export type Tag = (typeof TAGS)[number]['name'];

/** Every operation, in the order of the document. */
export function operations(document: Document) {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

const WORDS: Readonly<Record<EventType, string>> = {
  'audit.planned': 'The upload was read and measured, and work begins.',
  'audit.finished': 'There is a report.',
  'audit.failed': 'An audit ended without a report.',
  'credits.low': 'The balance fell below the threshold of the account.',
};

/** What is posted to an endpoint. Signed as Standard Webhooks says. */
function webhookOf(type: EventType): RouteConfig {
  const id = `Event${type.replace(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase())}`;
  const schema = z
    .strictObject({
      type: z.literal(type),
      timestamp: z.iso.datetime().openapi({ description: 'When it happened.' }),
      data: eventData[type],
    })
    .openapi(id);
  const header = (description: string) => z.string().openapi({ description });
  return {
    method: 'post',
    path: type,
    operationId: id,
    summary: WORDS[type],
    tags: ['Webhooks'],
    request: {
      headers: z.object({
        'webhook-id': header('The id of the message, the same at each attempt.'),
        'webhook-timestamp': header('Seconds since 1970 of this attempt.'),
        'webhook-signature': header('One or more signatures, a space between them: v1,... and v1a,...'),
      }),
      body: { required: true, content: { 'application/json': { schema } } },
    },
    responses: {
      '2XX': { description: 'Taken.' },
      410: { description: 'Gone: the endpoint is disabled.' },
      default: { description: 'It is sent again, for four days.' },
    },
  };
}

const ref = (name: string) => ({ $ref: `#/components/headers/${name}` });

/** The headers that every answer has, and those of requests that are done once. */
function addHeaders(operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    if ('name' in parameter && parameter.name === 'idempotency-key') parameter.name = 'Idempotency-Key';
  }
  const once = takesKey(operation);
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    if (!('description' in response)) continue;
    response.headers = {
      ...response.headers,
      'X-Request-Id': ref('RequestId'),
      ...(status === 'default' ? { 'Retry-After': ref('RetryAfter') } : {}),
      ...(once && status !== 'default' ? { 'Idempotent-Replayed': ref('IdempotentReplayed') } : {}),
    };
  }
}

/** Whether an operation is done once however often it comes with the same Idempotency-Key. */
export function takesKey({ parameters = [] }: Operation): boolean {
  return parameters.some((parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key');
}
