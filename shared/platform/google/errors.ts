/** Turns errors of Google's clients into coded errors. */
import { z } from 'zod';
import { asRewoundError, RewoundError } from '../../errors.ts';

/** What a Google service says by an error, whether in HTTP or in gRPC. */
export type Failure = 'missing' | 'exists' | 'precondition' | 'anonymous' | 'forbidden' | 'unavailable' | 'unknown';

/** https://grpc.io/docs/guides/status-codes; Firestore and Pub/Sub. */
const GRPC: Readonly<Record<number, Failure>> = {
  1: 'unavailable', // CANCELLED, by a connection that closes
  4: 'unavailable', // DEADLINE_EXCEEDED
  5: 'missing', // NOT_FOUND
  6: 'exists', // ALREADY_EXISTS
  7: 'forbidden', // PERMISSION_DENIED
  8: 'unavailable', // RESOURCE_EXHAUSTED: a quota
  9: 'precondition', // FAILED_PRECONDITION
  10: 'unavailable', // ABORTED, by contention
  13: 'unavailable', // INTERNAL: theirs, and gRPC's name for a broken stream
  14: 'unavailable', // UNAVAILABLE
  16: 'anonymous', // UNAUTHENTICATED
};

/** https://cloud.google.com/storage/docs/json_api/v1/status-codes */
const HTTP: Readonly<Record<number, Failure>> = {
  401: 'anonymous',
  403: 'forbidden',
  404: 'missing',
  408: 'unavailable',
  412: 'precondition',
  429: 'unavailable',
};

/** Connections that failed or broke, and downloads that arrived damaged. */
const BROKEN =
  /^(ECONN(RESET|REFUSED|ABORTED)|EPIPE|ETIMEDOUT|ESOCKETTIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED|CONTENT_DOWNLOAD_MISMATCH)$/;

/** What google-auth-library says, in words alone, where nobody is logged in or a login has run out. */
const NO_LOGIN = /could not load the default credentials|invalid_grant|invalid_rapt/i;

/** Reasons for which Cloud Storage answers 403 though waiting helps. */
const QUOTA = /rateLimitExceeded|quotaExceeded/i;

const GoogleError = z.object({
  code: z.union([z.number(), z.string()]),
  errors: z.array(z.object({ reason: z.string().optional() })).optional(),
});

/** What a thrown value says, if a Google client threw it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Error && NO_LOGIN.test(error.message)) return 'anonymous';
  const { success, data } = GoogleError.safeParse(error);
  if (!success) return 'unknown';
  if (data.errors?.some(({ reason }) => reason !== undefined && QUOTA.test(reason))) return 'unavailable';
  const code = Number(data.code);
  if (Number.isNaN(code)) return BROKEN.test(String(data.code)) ? 'unavailable' : 'unknown';
  if (code < 100) return GRPC[code] ?? 'unknown';
  return HTTP[code] ?? (code >= 500 ? 'unavailable' : 'unknown');
}

/**
 * The error of a call to a Google service. `what` names the service and, if it helps, a place; never a person.
 * @returns NOT_FOUND; PLATFORM_FORBIDDEN; PLATFORM_UNAVAILABLE, where doing the same again can help; INTERNAL for all
 * else.
 */
export function googleError(error: unknown, what: string): RewoundError {
  if (error instanceof RewoundError) return error;
  const cause = withoutContent(error);
  switch (failureOf(error)) {
    case 'missing':
      return new RewoundError('NOT_FOUND', `${what} does not exist.`, {
        help: 'Check the name; it may have been deleted or not been set up yet.',
        cause,
      });
    case 'forbidden':
      return new RewoundError('PLATFORM_FORBIDDEN', `${what} may not be used by this account.`, {
        help: 'Grant the account the role it needs (docs/deploy.md); what waits is done once it has it.',
        // A grant takes minutes to be known everywhere: a deployment must not reject what arrives meanwhile.
        transient: true,
        cause,
      });
    case 'anonymous':
      return new RewoundError('PLATFORM_FORBIDDEN', `${what} does not know who asks.`, {
        help: 'Log in with "gcloud auth application-default login", or run this with a service account.',
        transient: true,
        cause,
      });
    case 'unavailable':
      return new RewoundError('PLATFORM_UNAVAILABLE', `${what} does not answer now, or asks to wait.`, {
        help: 'Try again later; if it lasts, look at the status and the quotas of the project.',
        transient: true,
        cause,
      });
    default: {
      const known = asRewoundError(error);
      if (known.code !== 'INTERNAL') return known;
      return new RewoundError('INTERNAL', `${what} refused a request.`, {
        help: 'This is a defect in Rewound. Please report it with the code of the answer.',
        cause,
      });
    }
  }
}

/**
 * What may be logged of a client's error: its kind and its code. Its message names the object, whose key may name a
 * person, and the response that hangs on it holds the access token.
 */
function withoutContent(error: unknown): Error {
  const kind = error instanceof Error ? error.name : typeof error;
  const { success, data } = GoogleError.safeParse(error);
  if (!success) return new Error(kind);
  const reasons = (data.errors ?? []).flatMap(({ reason }) => reason ?? []);
  return new Error([kind, data.code, ...reasons].join(' '));
}
