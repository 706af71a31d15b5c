import { asRewoundError, type ErrorCode } from '../errors.ts';
import { stopAudit } from './audits.ts';
import type { Context } from './context.ts';

/** Errors that are ours, or the machine's: the audit failed. All others say something of the input: it is rejected. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  'INTERNAL',
  'ENGINE_CRASHED',
  'ENGINE_TIMEOUT',
  'ENGINE_MEMORY',
  'DEVICE_UNAVAILABLE',
  'RESULT_INCOMPLETE',
  'STORAGE_FULL',
  'STORAGE_LOCKED',
  'OBJECT_CHANGED',
  'MESSAGE_INVALID',
]);

/**
 * Runs a step of an audit. A permanent error ends the audit with its reason; a transient one goes on to the platform,
 * which delivers the message again.
 */
export async function rejecting(context: Context, audit: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (cause) {
    const error = asRewoundError(cause);
    if (error.transient) throw error;
    const ended = error.code === 'CANCELLED' ? 'CANCELLED' : OURS.has(error.code) ? 'FAILED' : 'REJECTED';
    await stopAudit(context, audit, ended, error);
  }
}
