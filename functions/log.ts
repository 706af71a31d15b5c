/** The log of a deployed service: named events, one line of JSON each. */
import type { Isolation } from '../shared/engine/isolation.ts';
import { asRewoundError } from '../shared/errors.ts';
import { fromEvent } from '../shared/platform/event.ts';
import type { Adopted } from '../shared/service/accounts/adopt-secret.ts';
import type { Answered } from '../shared/service/http/app.ts';
import type { FunctionEvent } from './bootstrap.ts';

/** A delivery that came through functions-framework. */
export interface PushedEvent extends FunctionEvent {
  readonly id: string;
}

/** What is worth a line. Each is a named event with numbers and ids only: no identity, image, embedding or body. */
export type LogEvent =
  | {
      readonly event: 'service.started';
      readonly port: number;
      readonly device: string;
      readonly verified: boolean;
      /** What keeps the process that runs models apart on this machine. */
      readonly isolation: Isolation;
    }
  | { readonly event: 'service.refused'; readonly code: string; readonly error: string; readonly help: string }
  | { readonly event: 'service.stopped'; readonly gaveBack: boolean }
  | ({ readonly event: 'secret.adopted' } & Adopted)
  | { readonly event: 'caller.refused'; readonly status: number }
  | ({ readonly event: 'request.answered' } & Answered)
  | ({ readonly event: 'message.handled' } & Handled)
  | ({ readonly event: 'message.failed'; readonly code: string; readonly transient: boolean } & Handled);

interface Handled {
  /** The delivery's id, the same for each attempt. */
  readonly message: string;
  readonly audit?: string;
  readonly shard?: number;
  readonly ms: number;
}

export type Log = (event: LogEvent) => void;

/** https://cloud.google.com/logging/docs/agent/logging/configuration#special-fields */
const SEVERITIES = {
  'service.started': 'INFO',
  'service.refused': 'CRITICAL',
  'service.stopped': 'NOTICE',
  'secret.adopted': 'NOTICE',
  'caller.refused': 'WARNING',
  'request.answered': 'INFO',
  'message.handled': 'INFO',
  'message.failed': 'ERROR',
} as const satisfies Record<LogEvent['event'], string>;

/** One line of JSON an event, as Cloud Logging reads it. */
export function jsonLog(target: string, write: (line: string) => void): Log {
  return (event) => {
    const line = { severity: SEVERITIES[event.event], time: new Date().toISOString(), function: target, ...event };
    write(`${JSON.stringify(line)}\n`);
  };
}

/**
 * Logs how each message went. What a step throws goes no further than its code: functions-framework would print the
 * stack, and foreign errors may quote what they were given.
 */
export function messageLog(log: Log): (event: PushedEvent, handle: () => Promise<void>) => Promise<void> {
  return async (event, handle) => {
    const start = performance.now();
    const handled = () => ({ message: event.id, ...idsOf(event), ms: Math.round(performance.now() - start) });
    try {
      await handle();
      log({ event: 'message.handled', ...handled() });
    } catch (cause) {
      const { code, transient } = asRewoundError(cause);
      log({ event: 'message.failed', code, transient, ...handled() });
      throw withoutStack(code);
    }
  };
}

/** Audit and shard of a message, by which a search of the logs finds all that became of it. */
function idsOf(event: { readonly data?: unknown }): { audit?: string; shard?: number } {
  try {
    const message = fromEvent(event);
    if (typeof message !== 'object' || message === null) return {};
    const { audit, shard } = message as { audit?: unknown; shard?: unknown };
    return {
      ...(typeof audit === 'string' && /^[0-9a-f]{32}$/.test(audit) ? { audit } : {}),
      ...(typeof shard === 'number' ? { shard } : {}),
    };
  } catch {
    return {};
  }
}

function withoutStack(code: string): Error {
  const error = new Error(code);
  error.stack = '';
  return error;
}
