/** Answers errors as problem documents. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ERROR_CODES, type ErrorCode } from '../../error-codes.ts';
import { asRewoundError, RewoundError } from '../../errors.ts';
import type { Env } from './env.ts';

/**
 * What is answered when something is wrong: a problem document (RFC 9457) with the error's own code and help.
 * @internal
 */
export const problemSchema = z
  .strictObject({
    type: z.string().openapi({
      description: 'The code, as a URI.',
      example: 'urn:rewound:problem:CREDITS_INSUFFICIENT',
    }),
    title: z.string().openapi({
      description: 'What the code means, always the same.',
      example: 'The account has too few credits.',
    }),
    status: z.int().openapi({ example: 402 }),
    detail: z.string().openapi({ description: 'What is wrong this time.' }),
    code: z.string().openapi({
      description: 'What went wrong, by name. A code is stable: texts may be reworded, codes may not.',
      example: 'CREDITS_INSUFFICIENT',
    }),
    help: z.string().openapi({ description: 'What to do about it.' }),
    requestId: z.string().openapi({
      description: 'Names this request in a report of trouble; also in the header X-Request-Id.',
      example: '0a4e3a86-5a3b-4d4c-9f3e-0c3c9a6f7f4e',
    }),
    errors: z
      .array(
        z.strictObject({
          path: z.string().openapi({ example: 'settings.samples' }),
          message: z.string(),
        }),
      )
      .optional()
      .openapi({ description: 'Which parts of the request do not fit its schema.' }),
  })
  .openapi('Problem');
type Problem = z.infer<typeof problemSchema>;

/** 500 for what is not in it: such an error should not have come so far. */
const STATUSES: Partial<Readonly<Record<ErrorCode, ContentfulStatusCode>>> = {
  USAGE: 400,
  REQUEST_INVALID: 400,
  TOO_DEEP: 400,
  SIGNATURE_INVALID: 400,
  ENDPOINT_REFUSED: 400,
  CARD_INVALID: 400,
  UNAUTHENTICATED: 401,
  CREDITS_INSUFFICIENT: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  CANCELLED: 409,
  OBJECT_EXISTS: 412,
  TOO_LARGE: 413,
  IDEMPOTENCY_MISMATCH: 422,
  RATE_LIMITED: 429,
  PAYMENT_UNAVAILABLE: 503,
  PLATFORM_UNAVAILABLE: 503,
  STORAGE_FULL: 507,
};

/** An error of a request that does not fit its schema. */
export class InvalidRequest extends RewoundError {
  readonly errors: NonNullable<Problem['errors']>;

  constructor({ issues }: Pick<z.ZodError, 'issues'>) {
    super('REQUEST_INVALID', 'The request does not fit its schema.', {
      help: 'Correct what "errors" names; /v1/openapi.json says what each request may hold.',
    });
    this.errors = issues.flatMap(issuesOf).slice(0, 50);
  }
}

/** Issues by where they are. An unknown field is named, its value never. */
function issuesOf(issue: z.core.$ZodIssue): NonNullable<Problem['errors']> {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: [path, key.slice(0, 100)].filter((part) => part !== '').join('.'),
    message: 'There is no such field.',
  }));
}

export function statusOf(code: ErrorCode): ContentfulStatusCode {
  return STATUSES[code] ?? 500;
}

export function errorOf(thrown: unknown): RewoundError {
  return thrown instanceof HTTPException ? ofHttp(thrown) : asRewoundError(thrown);
}

function problemOf(error: RewoundError, requestId: string): Problem {
  const status = statusOf(error.code);
  // What was not foreseen may quote what it was given.
  const hidden = status === 500;
  return {
    type: `urn:rewound:problem:${error.code}`,
    title: sentence(ERROR_CODES[error.code]),
    status,
    detail: hidden ? 'Something went wrong here.' : error.message,
    code: error.code,
    help: hidden ? 'Try again later. If it stays, report it with the request id.' : error.help,
    requestId,
    ...(error instanceof InvalidRequest ? { errors: error.errors } : {}),
  };
}

/** What the framework itself refuses. */
function ofHttp({ status }: HTTPException): RewoundError {
  if (status === 400 || status === 415) {
    return new RewoundError('REQUEST_INVALID', 'The body is not JSON, or is not said to be.', {
      help: 'Send JSON, in UTF-8, with the header "Content-Type: application/json".',
    });
  }
  return new RewoundError('INTERNAL', 'The request was refused.', { help: 'Report this with the request id.' });
}

/** Answers a request with what went wrong. */
export function answerProblem(c: Context<Env>, thrown: unknown): Response {
  const error = errorOf(thrown);
  const status = statusOf(error.code);
  if (status === 401) c.header('www-authenticate', 'Bearer realm="rewound"');
  return c.body(JSON.stringify(problemOf(error, c.get('requestId'))), status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Every route's answer when something is wrong. */
export const PROBLEMS = {
  default: {
    description: 'What is wrong, and what to do about it.',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
} as const;
