import { asRewoundError, RewoundError } from '../errors.ts';
import { auditOfUpload, isFinal, readAudit, stopAudit } from './audits.ts';
import type { Context } from './context.ts';
import { dispatch, lastDone } from './fan-in.ts';
import { auditId } from './found.ts';
import { keys, records } from './keys.ts';
import { planMessage, TOPICS } from './messages.ts';
import { readPlan } from './plan-file.ts';

/** No audit lives longer: whatever keeps it from ending, it ends with a reason. */
const DEADLINE_MS = 7 * 24 * 3600 * 1000;
/** A shard takes at most ten minutes; after twice that without a sign of life something was lost. */
export const STALE_MS = 20 * 60 * 1000;

/** Publishes what an audit needs next, for a process that died between a write and a publish. */
export async function resume(context: Context, audit: string): Promise<void> {
  const record = await readAudit(context, audit);
  if (!record) return;
  if (isFinal(record.state)) {
    await context.events.publish(TOPICS.notify, { version: 1, audit });
    await context.records.delete(records.open(audit));
  } else if (await context.objects.head(keys.plan(audit))) {
    await dispatch(context, await readPlan(context, audit));
  } else {
    await planAgain(context, audit, record.key);
  }
}

/** Starts over with an audit that was never planned, from what lies in the project now. */
async function planAgain(context: Context, audit: string, key: string): Promise<void> {
  const checkpoint = await context.objects.head(key);
  if (checkpoint) await context.events.publish(TOPICS.plan, { version: 1, key, generation: checkpoint.generation });
  if (checkpoint && (await isStill(context, audit, key))) return;
  const error = new RewoundError(
    'CANCELLED',
    'The checkpoint or the photos were changed before the audit was planned.',
    {
      help: 'What lies in the project now is audited on its own.',
    },
  );
  await stopAudit(context, audit, 'CANCELLED', error);
}

async function isStill(context: Context, audit: string, key: string): Promise<boolean> {
  try {
    return (await auditId(context, key)) === audit;
  } catch (cause) {
    const error = asRewoundError(cause);
    if (error.transient) throw error;
    return false;
  }
}

/**
 * Mends the audits that have shown no sign of life for `staleMs`, and ends those past their deadline. Returns how many
 * audits are open.
 */
export async function sweep(context: Context, staleMs: number): Promise<number> {
  const open: string[] = [];
  for await (const { path } of context.records.list('open-audits')) open.push(path.slice(path.lastIndexOf('/') + 1));
  for (const audit of open) {
    const record = await readAudit(context, audit);
    // Marked, but its record was never written: the message that was to write it comes again.
    if (!record) continue;
    const now = context.clock.now();
    if (!isFinal(record.state) && now - record.createdAt > DEADLINE_MS) {
      const error = new RewoundError('EXPIRED', 'The audit did not end within a week.', {
        help: 'Put the checkpoint into the project again; finished work is reused. Ask for fewer samples.',
      });
      await stopAudit(context, audit, 'EXPIRED', error);
      continue;
    }
    const seen = Math.max(record.changedAt, isFinal(record.state) ? 0 : await lastDone(context, audit));
    if (now - seen >= staleMs) await resume(context, audit);
  }
  return open.length;
}

/** A message was given up after its last attempt: its audit ends with the reason. */
export async function giveUp(context: Context, message: unknown, error: RewoundError): Promise<void> {
  const audit = await auditOf(context, message);
  if (audit !== undefined && (await readAudit(context, audit))) await stopAudit(context, audit, 'FAILED', error);
}

/** The audit a message is about: the one it names, or the one its upload began, where that was never planned. */
async function auditOf(context: Context, message: unknown): Promise<string | undefined> {
  if (typeof message !== 'object' || message === null) return undefined;
  if ('audit' in message) return typeof message.audit === 'string' ? message.audit : undefined;
  const { data: landed } = planMessage.safeParse(message);
  const audit = landed && (await auditOfUpload(context, landed.key, landed.generation));
  return audit && (await readAudit(context, audit))?.state === 'RECEIVED' ? audit : undefined;
}
