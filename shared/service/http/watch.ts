/** Answers with server-sent events of an audit. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { RewoundError } from '../../errors.ts';
import { type Caller, isStillValid } from '../accounts/api-keys.ts';
import { findHosted, readHosted } from '../audits/hosted-audit.ts';
import type { ServiceContext } from '../core/context.ts';
import type { Env } from './env.ts';
import { auditResource } from './resources.ts';

/** How often a watched audit is looked at: at once less often, the longer nothing has changed, then again as at first. */
const LOOK_MS = 1000;
const LONGER = 1.5;
const MOST_LONGER = 5;
/** How long one connection lasts: whoever watches connects again. */
const WATCH_MS = 15 * 60_000;
/** Something is said at least so often, so that nobody on the way takes the connection for dead. */
const PING_MS = 15_000;
/** Connections of one account at one instance: each reads records all the time. */
const MOST_STREAMS = 10;
const AGAIN_SECONDS = 30;

export interface Watching {
  readonly lookMs?: number;
  /** Waits until the next look, or until nobody watches any more. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** Answers with server-sent events of an audit, until it has ended or may not be seen any more. */
export function watching(context: ServiceContext, { lookMs = LOOK_MS, wait = pause }: Watching) {
  const streams = new Map<string, number>();

  /** Takes one of the account's places; returns what gives it back. Throws RATE_LIMITED. */
  function enter(account: string, c: Context<Env>): () => void {
    const open = streams.get(account) ?? 0;
    if (open >= MOST_STREAMS) {
      c.header('retry-after', String(AGAIN_SECONDS));
      throw new RewoundError('RATE_LIMITED', `The account watches ${MOST_STREAMS} audits already.`, {
        help: 'End a connection that watches, or ask for the audit now and then.',
        transient: true,
      });
    }
    streams.set(account, open + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (streams.get(account) ?? 1) - 1;
      if (left > 0) streams.set(account, left);
      else streams.delete(account);
    };
  }

  async function tell(stream: SSEStreamingApi, caller: Caller, id: string, signal: AbortSignal): Promise<void> {
    let [said, saidAt, pauseMs] = ['', performance.now(), lookMs];
    while (!signal.aborted) {
      // An audit that was erased ends it, and so does a key that no longer opens anything.
      const audit = (await isStillValid(context, caller)) ? await findHosted(context, caller.account, id) : undefined;
      if (!audit) return;
      const data = JSON.stringify(await auditResource(context, id, audit));
      pauseMs = data === said ? Math.min(pauseMs * LONGER, lookMs * MOST_LONGER) : lookMs;
      if (data !== said) {
        await stream.writeSSE({ event: 'audit', data });
        [said, saidAt] = [data, performance.now()];
      } else if (performance.now() - saidAt >= PING_MS) {
        await stream.write(': still here\n\n');
        saidAt = performance.now();
      }
      if (audit.outcome) return;
      await wait(pauseMs, signal);
    }
  }

  return async (c: Context<Env>, id: string): Promise<Response> => {
    const caller = c.get('caller');
    await readHosted(context, caller.account, id);
    // Asks proxies not to gather what is sent.
    c.header('x-accel-buffering', 'no');
    // Nobody would read what is said, and the connection would count for as long as it may last.
    if (c.req.method === 'HEAD') return c.body(null, 200, { ...NO_STORE, 'content-type': 'text/event-stream' });
    const leave = enter(caller.account, c);
    const response = streamSSE(c, async (stream) => {
      const end = new AbortController();
      stream.onAbort(() => {
        leave();
        end.abort();
      });
      // Also ends what waits for somebody who does not read.
      const over = setTimeout(() => stream.abort(), WATCH_MS);
      try {
        await tell(stream, caller, id, end.signal);
      } catch {
        // It has begun, so what went wrong cannot be answered; whoever connects again is told, and it is logged there.
        // Thrown on it would be printed, with all that it holds.
      } finally {
        clearTimeout(over);
        leave();
      }
    });
    // Said once more: the stream has its own mind about it.
    for (const [name, value] of Object.entries(NO_STORE)) response.headers.set(name, value);
    return response;
  };
}

const NO_STORE = { 'cache-control': 'no-store' };

function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
