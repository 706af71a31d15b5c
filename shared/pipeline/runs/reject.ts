/** Ends an audit with the permanent error of one of its steps. */
import { type ErrorCode, isOurs } from '../../error-codes.ts';
import { asRewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { type ShardPlace, type State, shardIsDone, stopAudit } from './run.ts';

/**
 * Runs a step of an audit, or of one of its shards. A permanent error ends the audit with its reason, unless another
 * delivery has done the same shard meanwhile; a transient one goes on to the platform, which delivers the message again.
 */
export async function rejecting(context: Context, work: string | ShardPlace, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (cause) {
    const error = asRewoundError(cause);
    if (error.transient) throw error;
    if (typeof work === 'object' && error.code !== 'RUNAWAY' && (await shardIsDone(context, work))) return;
    await stopAudit(context, typeof work === 'object' ? work.audit : work, endOf(error.code), error);
  }
}

/** A machine without its device says nothing of what was given, wherever it was asked for. */
function endOf(code: ErrorCode): Extract<State, 'CANCELLED' | 'FAILED' | 'REJECTED'> {
  if (code === 'CANCELLED') return 'CANCELLED';
  return isOurs(code) || code === 'DEVICE_UNAVAILABLE' ? 'FAILED' : 'REJECTED';
}
