import { asRewoundError, isOurs } from '../errors.ts';
import { stopAudit } from './audits.ts';
import type { Context } from './context.ts';

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
    const ended = error.code === 'CANCELLED' ? 'CANCELLED' : isOurs(error.code) ? 'FAILED' : 'REJECTED';
    await stopAudit(context, audit, ended, error);
  }
}
