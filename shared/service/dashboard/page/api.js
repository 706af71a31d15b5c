/** @import * as Types from '../types.ts' */

/** What went wrong with a request, in the service's own words. */
export class Problem extends Error {
  /**
   * @param {{ code: string, detail: string, help: string, status?: number, requestId?: string, errors?: readonly { path: string, message: string }[] }} problem
   */
  constructor({ code, detail, help, status = 0, requestId = '', errors = [] }) {
    super(detail);
    this.code = code;
    this.help = help;
    this.status = status;
    this.requestId = requestId;
    this.errors = errors;
  }
}

/**
 * Whatever was thrown, as a problem.
 * @param {unknown} thrown
 */
export function problemOf(thrown) {
  if (thrown instanceof Problem) return thrown;
  return new Problem({ code: 'PAGE', detail: 'Something went wrong in this page.', help: 'Load it again.' });
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {{ once?: boolean, signal?: AbortSignal }} [options] `once`: sent again, it is not done again.
 */
async function ask(method, path, body, { once = false, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (once) headers['idempotency-key'] = crypto.randomUUID();
  /** @type {RequestInit} */
  const init = { method, headers };
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
  if (response.ok) return response.status === 204 ? null : response.json();
  throw await refused(response);
}

/** @param {Response} response */
async function refused(response) {
  const { status } = response;
  try {
    return new Problem({ ...(await response.json()), status });
  } catch {
    const help = 'Try again in a minute.';
    return new Problem({ code: 'UNKNOWN', detail: `The service answered with ${status}.`, help, status });
  }
}

/** @param {Record<string, string | number | null | undefined>} values */
function query(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/* One function a route, each with what it answers. */

/** @returns {Promise<Types.Session | null>} */
export const getSession = () => ask('GET', '/v1/session');

/** @param {Types.Credential} credential @returns {Promise<Types.Session>} */
export const signIn = (credential) => ask('POST', '/v1/session', credential);

export const signOut = () => ask('DELETE', '/v1/session');

/** @param {string} name @returns {Promise<{ account: Types.Account, key: Types.Key, text: string }>} */
export const createAccount = (name) => ask('POST', '/v1/accounts', { name });

/** @returns {Promise<Types.Account>} */
export const getAccount = () => ask('GET', '/v1/account');

/** @param {object} change @returns {Promise<Types.Account>} */
export const changeAccount = (change) => ask('PATCH', '/v1/account', change);

/** @param {string | null} after @returns {Promise<Types.Page<Types.Audit>>} */
export const listAudits = (after) => ask('GET', `/v1/audits${query({ after })}`);

/** @param {string} audit @returns {Promise<Types.Audit>} */
export const getAudit = (audit) => ask('GET', `/v1/audits/${audit}`);

/** @param {Types.NewAudit} audit @param {AbortSignal} signal @returns {Promise<Types.Price>} */
export const quote = (audit, signal) => ask('POST', '/v1/quotes', audit, { signal });

/** @param {Types.NewAudit} audit @returns {Promise<Types.Audit>} */
export const createAudit = (audit) => ask('POST', '/v1/audits', audit, { once: true });

/**
 * @param {string} audit @param {readonly { path: string, size: number }[]} files @param {AbortSignal} signal
 * @returns {Promise<{ uploads: readonly Types.UploadPlace[] }>}
 */
export const placesFor = (audit, files, signal) => ask('POST', `/v1/audits/${audit}/uploads`, { files }, { signal });

/** @param {string} audit @returns {Promise<Types.Audit>} */
export const startAudit = (audit) => ask('POST', `/v1/audits/${audit}/start`, undefined, { once: true });

/** @param {string} audit @returns {Promise<Types.Audit>} */
export const cancelAudit = (audit) => ask('POST', `/v1/audits/${audit}/cancel`, undefined, { once: true });

/** @param {string} audit @returns {Promise<Types.SignedReceipt>} */
export const deleteAudit = (audit) => ask('DELETE', `/v1/audits/${audit}`);

/** @returns {Promise<{ items: readonly Types.Key[] }>} */
export const listKeys = () => ask('GET', '/v1/keys');

/** @param {object} key @returns {Promise<{ key: Types.Key, text: string }>} */
export const createKey = (key) => ask('POST', '/v1/keys', key);

/** @param {string} key @returns {Promise<Types.Key>} */
export const revokeKey = (key) => ask('DELETE', `/v1/keys/${key}`);

/** @returns {Promise<{ items: readonly Types.Endpoint[] }>} */
export const listEndpoints = () => ask('GET', '/v1/webhooks');

/** @param {string} endpoint @returns {Promise<{ endpoint: Types.Endpoint, secret: string }>} */
export const getEndpoint = (endpoint) => ask('GET', `/v1/webhooks/${endpoint}`);

/** @param {object} endpoint @returns {Promise<{ endpoint: Types.Endpoint, secret: string }>} */
export const createEndpoint = (endpoint) => ask('POST', '/v1/webhooks', endpoint);

/** @param {string} endpoint @param {object} change @returns {Promise<Types.Endpoint>} */
export const changeEndpoint = (endpoint, change) => ask('PATCH', `/v1/webhooks/${endpoint}`, change);

/** @param {string} endpoint @returns {Promise<{ endpoint: Types.Endpoint, secret: string }>} */
export const rotateSecret = (endpoint) => ask('POST', `/v1/webhooks/${endpoint}/rotate`);

/** @param {string} endpoint */
export const deleteEndpoint = (endpoint) => ask('DELETE', `/v1/webhooks/${endpoint}`);

/** @param {string} endpoint @param {string | null} after @returns {Promise<Types.Page<Types.Delivery>>} */
export const listDeliveries = (endpoint, after) => ask('GET', `/v1/deliveries${query({ endpoint, after })}`);

/** @param {string} delivery @returns {Promise<Types.Delivery>} */
export const replayDelivery = (delivery) => ask('POST', `/v1/deliveries/${delivery}/replay`);

/** @param {string | null} after @returns {Promise<Types.Page<Types.LedgerEntry>>} */
export const listLedger = (after) => ask('GET', `/v1/ledger${query({ after })}`);

/** @param {string} pack @returns {Promise<{ url: string }>} */
export const createCheckout = (pack) => ask('POST', '/v1/checkouts', { pack }, { once: true });
