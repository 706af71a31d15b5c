/** The API as the page asks it: one function a route, typed as the generated client has it. */
import type {
  Account,
  AccountChange,
  Audit,
  AuditPage,
  CheckoutPage,
  CreatedAccount,
  CreatedKey,
  Credential,
  Delivery,
  DeliveryPage,
  Endpoint,
  EndpointChange,
  Endpoints,
  EndpointWithSecret,
  Key,
  Keys,
  LedgerPage,
  NewAudit,
  NewEndpoint,
  NewKey,
  Price,
  Session,
  SignedReceipt,
  UploadFile,
  Uploads,
} from '../types.ts';

/** What is said of a problem; what the service says of it has all of this. */
type Said = Pick<Problem, 'code' | 'help'> & { readonly detail: string } & Partial<
    Pick<Problem, 'status' | 'requestId' | 'errors'>
  >;

/** What went wrong with a request, in the service's own words. */
export class Problem extends Error {
  readonly code: string;
  readonly help: string;
  readonly status: number;
  readonly requestId: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor({ code, detail, help, status = 0, requestId = '', errors = [] }: Said) {
    super(detail);
    this.code = code;
    this.help = help;
    this.status = status;
    this.requestId = requestId;
    this.errors = errors;
  }
}

/** Whatever was thrown, as a problem. */
export function problemOf(thrown: unknown) {
  if (thrown instanceof Problem) return thrown;
  return new Problem({ code: 'PAGE', detail: 'Something went wrong in this page.', help: 'Load it again.' });
}

/** Asks the service, whose answer is a T. `once`: a request that is sent again is not done again. */
async function ask<T>(
  method: string,
  path: string,
  body?: unknown,
  { once = false, signal }: { once?: boolean; signal?: AbortSignal } = {},
): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (once) headers['idempotency-key'] = crypto.randomUUID();
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  const response = await fetch(path, init).catch((thrown) => {
    if (signal?.aborted) throw thrown;
    throw new Problem({
      code: 'OFFLINE',
      detail: 'The service cannot be reached.',
      help: 'See whether you are online, and try again.',
    });
  });
  if (!response.ok) throw await refused(response);
  const answer = response.status === 204 ? null : await response.json();
  return answer;
}

async function refused(response: Response) {
  const { status } = response;
  try {
    return new Problem({ ...(await response.json()), status });
  } catch {
    const help = 'Try again in a minute.';
    return new Problem({ code: 'UNKNOWN', detail: `The service answered with ${status}.`, help, status });
  }
}

function query(values: Record<string, string | number | null | undefined>) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

export const getSession = () => ask<Session | null>('GET', '/v1/session');
export const signIn = (credential: Credential) => ask<Session>('POST', '/v1/session', credential);
export const signOut = () => ask<null>('DELETE', '/v1/session');

export const createAccount = (name: string) => ask<CreatedAccount>('POST', '/v1/accounts', { name });
export const getAccount = () => ask<Account>('GET', '/v1/account');
export const changeAccount = (change: AccountChange) => ask<Account>('PATCH', '/v1/account', change);

export const listAudits = (after: string | null) => ask<AuditPage>('GET', `/v1/audits${query({ after })}`);
export const getAudit = (audit: string) => ask<Audit>('GET', `/v1/audits/${audit}`);
export const quote = (audit: NewAudit, signal: AbortSignal) => ask<Price>('POST', '/v1/quotes', audit, { signal });
export const createAudit = (audit: NewAudit) => ask<Audit>('POST', '/v1/audits', audit, { once: true });
export const placesFor = (audit: string, files: readonly UploadFile[], signal: AbortSignal) =>
  ask<Uploads>('POST', `/v1/audits/${audit}/uploads`, { files }, { signal });
export const startAudit = (audit: string) => ask<Audit>('POST', `/v1/audits/${audit}/start`, undefined, { once: true });
export const cancelAudit = (audit: string) =>
  ask<Audit>('POST', `/v1/audits/${audit}/cancel`, undefined, { once: true });
export const deleteAudit = (audit: string) => ask<SignedReceipt>('DELETE', `/v1/audits/${audit}`);

export const listKeys = () => ask<Keys>('GET', '/v1/keys');
export const createKey = (key: NewKey) => ask<CreatedKey>('POST', '/v1/keys', key);
export const revokeKey = (key: string) => ask<Key>('DELETE', `/v1/keys/${key}`);

export const listEndpoints = () => ask<Endpoints>('GET', '/v1/webhooks');
export const getEndpoint = (endpoint: string) => ask<EndpointWithSecret>('GET', `/v1/webhooks/${endpoint}`);
export const createEndpoint = (endpoint: NewEndpoint) => ask<EndpointWithSecret>('POST', '/v1/webhooks', endpoint);
export const changeEndpoint = (endpoint: string, change: EndpointChange) =>
  ask<Endpoint>('PATCH', `/v1/webhooks/${endpoint}`, change);
export const rotateSecret = (endpoint: string) => ask<EndpointWithSecret>('POST', `/v1/webhooks/${endpoint}/rotate`);
export const deleteEndpoint = (endpoint: string) => ask<null>('DELETE', `/v1/webhooks/${endpoint}`);
export const listDeliveries = (endpoint: string, after: string | null) =>
  ask<DeliveryPage>('GET', `/v1/deliveries${query({ endpoint, after })}`);
export const replayDelivery = (delivery: string) => ask<Delivery>('POST', `/v1/deliveries/${delivery}/replay`);

export const listLedger = (after: string | null) => ask<LedgerPage>('GET', `/v1/ledger${query({ after })}`);
export const createCheckout = (pack: string) => ask<CheckoutPage>('POST', '/v1/checkouts', { pack }, { once: true });
