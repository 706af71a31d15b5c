/** What comes with a request besides itself. */
import type { Context } from 'hono';
import type { RewoundError } from '../../errors.ts';
import type { Caller } from '../accounts/api-keys.ts';

/** What the server in front of the API hands over with a request. */
export interface Incoming {
  readonly socket?: { readonly remoteAddress?: string | undefined };
  /** Why the server does not take the request; it is answered with this, and its body is not read. */
  readonly refused?: RewoundError;
}

/** What middleware knows of a request. */
export interface Env {
  /** Where Node's request is, as @hono/node-server hands it over. */
  Bindings: { readonly incoming?: Incoming };
  Variables: {
    requestId: string;
    /** Set where a route asks for one, see `caller.ts`. */
    caller: Caller;
  };
}

/** What came with a request; nothing, where the API was called without a server before it. */
export function incomingOf(c: Context<Env>): Incoming {
  const bindings: Env['Bindings'] | undefined = c.env;
  return bindings?.incoming ?? {};
}
