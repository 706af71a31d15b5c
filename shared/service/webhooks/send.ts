/** Sends one request to an endpoint. */
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import { RewoundError } from '../../errors.ts';
import { type Guard, guardedLookup, parseTarget, type Target, UnknownName } from './guard.ts';

/**
 * Why there is no status: the address is not one that webhooks may go to; its name cannot be resolved; nobody takes the
 * connection; no TLS, or a certificate that does not fit; no answer in time; the connection ended, or spoke no HTTP.
 */
export const REASONS = ['guard', 'dns', 'refused', 'tls', 'timeout', 'broken'] as const;
export type Reason = (typeof REASONS)[number];

/** What came of an attempt: the status of the answer, or why there is none. */
export type Outcome =
  | { readonly status: number; readonly reason: null }
  | { readonly status: null; readonly reason: Reason };

/** The specification recommends 15 to 30 seconds. For everything: the name, the connection, the answer's headers. */
const TIMEOUT_MS = 15_000;

export interface Shipment {
  readonly url: string;
  readonly payload: string;
  /** Of the signature. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Posts the payload once. No redirect is followed, no proxy is used, no connection is kept, and nothing is read of the
 * answer but its status: the receiver can neither lead the request elsewhere nor make it long. Never throws.
 */
export async function send(shipment: Shipment, guard: Guard, timeoutMs = TIMEOUT_MS): Promise<Outcome> {
  try {
    // Again, though it was checked when it was saved: what the operator allows may have changed since.
    return await post(parseTarget(shipment.url, guard), shipment, guard, timeoutMs);
  } catch (error) {
    return { status: null, reason: error instanceof RewoundError ? 'guard' : 'broken' };
  }
}

function post(target: Target, { payload, headers }: Shipment, guard: Guard, timeoutMs: number): Promise<Outcome> {
  const body = Buffer.from(payload);
  return new Promise((resolve) => {
    // How far it came says what is wrong where it ends; a connection's own errors are too many to name.
    let reason: Reason = isIP(target.host) === 0 ? 'dns' : 'refused';
    const lookup = guardedLookup(target, guard, (error) => {
      reason = !error ? 'refused' : error instanceof UnknownName ? 'dns' : 'guard';
    });
    const secure = target.url.protocol === 'https:';
    const request = (secure ? requestSecure : requestPlain)(target.url, {
      method: 'POST',
      // An agent of its own: without connections of others, and without the proxy of the environment.
      agent: false,
      lookup,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'Rewound-Webhooks/1',
      },
    });
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
      request.destroy();
    };
    const timer = setTimeout(() => end({ status: null, reason: 'timeout' }), timeoutMs);
    request.on('socket', (socket) => {
      socket.once('connect', () => {
        reason = secure ? 'tls' : 'broken';
      });
      socket.once('secureConnect', () => {
        reason = 'broken';
      });
    });
    request.on('response', ({ statusCode = 0 }) => end({ status: statusCode, reason: null }));
    request.on('error', () => end({ status: null, reason }));
    // An answer of 101 is neither a response nor an error.
    request.on('close', () => end({ status: null, reason }));
    request.end(body);
  });
}
