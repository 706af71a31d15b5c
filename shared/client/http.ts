/** Sends the requests of the typed client, and tries again where that is safe. */
import { backoffMs } from '../backoff.ts';
import { ERROR_CODES, type ErrorCode } from '../error-codes.ts';
import { RewoundError } from '../errors.ts';
import { misfit, type Shape } from './shape.ts';

/* What every call has in common: the key, errors, repetition. `api.ts` is generated and has the calls themselves. */

export interface ClientOptions {
  /** Where the service is, such as `https://audits.example.com`. */
  readonly origin: string;
  /** An API key. Without, only what is open to everybody can be called. */
  readonly key?: string | undefined;
  /** Times a call is made at most, the first one counted. */
  readonly attempts?: number | undefined;
  /** Other than the platform's own, to go through a proxy. */
  readonly fetch?: typeof fetch | undefined;
  /** Waits before a call is made again; rejects when the signal aborts. */
  readonly wait?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

export interface CallOptions {
  /** Ends the call, also while it waits to be made again. */
  readonly signal?: AbortSignal | undefined;
}

export interface OnceOptions extends CallOptions {
  /** The same request with the same key is done once, within a day. One is made up for each call that gives none. */
  readonly idempotencyKey?: string | undefined;
}

/** A call as the document of the API has it. */
export interface Operation<T> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Such as `/v1/audits/{audit}`. */
  readonly path: string;
  /** Whether it takes an Idempotency-Key. */
  readonly once: boolean;
  /** Whether doing it twice is the same as doing it once, with an Idempotency-Key where it takes one. */
  readonly repeatable: boolean;
  /** What is answered, if that is JSON. */
  readonly answer: Shape | null;
  /** The type of the answer. */
  readonly type?: T;
}

export interface Parts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly body?: unknown;
}

const ATTEMPTS = 6;
const WAITS = { firstMs: 500, mostMs: 30_000 };
/** Whoever is told to wait for longer should know. */
const MOST_PATIENCE_MS = 120_000;
/** An answer that does not begin within this is not coming. */
const SILENCE_MS = 120_000;

export class Http {
  readonly #options: ClientOptions;
  readonly #shapes: Readonly<Record<string, Shape>>;

  constructor(options: ClientOptions, shapes: Readonly<Record<string, Shape>>) {
    this.#options = { ...options, origin: options.origin.replace(/\/+$/, '') };
    this.#shapes = shapes;
  }

  /** Calls, and gives the answer's JSON once it has been checked. Throws RewoundError. */
  async call<T>(operation: Operation<T>, parts: Parts, options: OnceOptions = {}): Promise<T> {
    const response = await this.respond(operation, parts, options);
    return this.#checked(operation, await readText(response, options.signal), response);
  }

  /** Calls something that answers with nothing. */
  async send(operation: Operation<void>, parts: Parts, options: OnceOptions = {}): Promise<void> {
    await (await this.respond(operation, parts, options)).body?.cancel();
  }

  /** Calls, and gives the data of each server-sent event until the service ends the connection. */
  async *events<T>(operation: Operation<T>, parts: Parts, options: CallOptions = {}): AsyncGenerator<T, void> {
    const response = await this.respond(operation, parts, options);
    let rest = '';
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const events = (rest + piece).split(/\r?\n\r?\n/);
        rest = events.pop() ?? '';
        for (const event of events) {
          const data = event.split(/\r?\n/).flatMap((line) => /^data: ?(.*)$/s.exec(line)?.slice(1) ?? []);
          if (data.length > 0) yield this.#checked(operation, data.join('\n'), response);
        }
      }
    } catch (thrown) {
      options.signal?.throwIfAborted();
      throw thrown instanceof RewoundError ? thrown : broken(thrown);
    }
  }

  /** Calls, as often as it takes and helps, and gives the response as it is. */
  async respond(operation: Operation<unknown>, parts: Parts, options: OnceOptions = {}): Promise<Response> {
    const { signal } = options;
    const { attempts = ATTEMPTS, wait = waitFor } = this.#options;
    const request = this.#request(operation, parts, options);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const outcome = await this.#attempt(operation, request, signal);
      if (outcome instanceof Response) return outcome;
      const ms = outcome.repeat ? pause(attempt, outcome.retryAfter) : Number.POSITIVE_INFINITY;
      if (attempt >= attempts || ms > MOST_PATIENCE_MS) throw outcome.error;
      await wait(ms, signal);
    }
  }

  #request(
    { method, path, once }: Operation<unknown>,
    { path: params = {}, query = {}, body }: Parts,
    options: OnceOptions,
  ) {
    const { origin, key } = this.#options;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const url = new URL(origin + filled);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const headers: Record<string, string> = {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(once ? { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() } : {}),
    };
    // An address elsewhere must not be given the key.
    const redirect: RequestRedirect = 'error';
    return { url, init: { method, headers, redirect, ...(body === undefined ? {} : { body: JSON.stringify(body) }) } };
  }

  async #attempt(
    { once, repeatable, answer }: Operation<unknown>,
    { url, init }: { readonly url: URL; readonly init: RequestInit },
    signal: AbortSignal | undefined,
  ): Promise<Response | Failure> {
    const { fetch: call = fetch } = this.#options;
    // What is read as it comes may take its time.
    const limits = [...(signal ? [signal] : []), ...(answer === null ? [] : [AbortSignal.timeout(SILENCE_MS)])];
    let response: Response;
    try {
      response = await call(url, { ...init, signal: AbortSignal.any(limits) });
    } catch (thrown) {
      signal?.throwIfAborted();
      return { error: broken(thrown), repeat: repeatable };
    }
    if (response.ok) return response;
    const { status } = response;
    const retryAfter = retryAfterMs(response.headers.get('retry-after'));
    // 429 was not done at all; 409 with a time to wait is the same request, still being worked on.
    const repeat =
      status === 429 ||
      (repeatable && (status === 502 || status === 503 || status === 504)) ||
      (once && status === 409 && retryAfter !== undefined);
    return { error: problemError(status, await readText(response, signal).catch(() => '')), repeat, retryAfter };
  }

  #checked<T>({ answer }: Operation<T>, text: string, response: Response): T {
    const request = response.headers.get('x-request-id');
    const value = parse(text);
    const place = answer === null || value === undefined ? '.' : misfit(answer, value.json, this.#shapes);
    if (value && place === undefined && isAnswer<T>(value.json)) return value.json;
    throw new RewoundError('INTERNAL', `The service answered something that is not its API (at ${place}).`, {
      help: `Check the address; else update Rewound, or report this${request ? ` with the request ${request}` : ''}.`,
    });
  }
}

interface Failure {
  readonly error: RewoundError;
  readonly repeat: boolean;
  readonly retryAfter?: number | undefined;
}

/** Only said of what `misfit` has looked at. */
function isAnswer<T>(_value: unknown): _value is T {
  return true;
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

async function readText(response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text();
  } catch (thrown) {
    signal?.throwIfAborted();
    throw broken(thrown);
  }
}

function broken(cause: unknown): RewoundError {
  return new RewoundError('PLATFORM_UNAVAILABLE', 'The service cannot be reached.', {
    help: 'Check the address and the connection, and try again.',
    transient: true,
    cause,
  });
}

/** What a problem document says; of other errors, such as a proxy's, what their status does. */
function problemError(status: number, text: string): RewoundError {
  const json = parse(text)?.json;
  const field = (name: string) => {
    const value: unknown =
      typeof json === 'object' && json !== null ? new Map(Object.entries(json)).get(name) : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [code, detail, help] = [field('code'), field('detail'), field('help')];
  const request = field('requestId');
  if (code === undefined || detail === undefined || help === undefined) {
    return new RewoundError(codeOf(undefined, status), `The service answered with status ${status}.`, {
      help: 'Check the address of the service.',
    });
  }
  const ours = status >= 500 && request !== undefined ? ` The request was ${request}.` : '';
  return new RewoundError(codeOf(code, status), detail, {
    help: help + ours,
    transient: status === 429 || status === 503,
  });
}

/** A code that this version does not know is taken for what its status means: whose fault it is. */
function codeOf(code: string | undefined, status: number): ErrorCode {
  if (code !== undefined && isCode(code)) return code;
  return (
    BY_STATUS[status] ??
    (status >= 500 ? (code === undefined ? 'PLATFORM_UNAVAILABLE' : 'INTERNAL') : 'REQUEST_INVALID')
  );
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHENTICATED',
  402: 'CREDITS_INSUFFICIENT',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  429: 'RATE_LIMITED',
  503: 'PLATFORM_UNAVAILABLE',
};

/** How long to wait before the next attempt: what the service asks for, else longer each time, by chance not all at once. */
function pause(attempt: number, retryAfter: number | undefined): number {
  return retryAfter ?? backoffMs(attempt, WAITS);
}

/** Retry-After in milliseconds: seconds, or a date. */
function retryAfterMs(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
