/** The step that resumes audits whose messages were lost. */
import { asRewoundError, RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { droppedCheckpoint, keys } from '../base/layout.ts';
import { TOPICS } from '../base/messages.ts';
import { recordPaths } from '../base/record-paths.ts';
import { readPlan } from '../planning/plan/store.ts';
import { dispatchPlanned, lastDone } from '../runs/fan-in.ts';
import { rejecting } from '../runs/reject.ts';
import { isFinal, readAudit, stopAudit } from '../runs/run.ts';
import { isBuried } from '../runs/tombstones.ts';

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
    await context.records.delete(recordPaths.open(audit));
  } else if (await context.objects.head(keys.plan(audit))) {
    await dispatchPlanned(context, await readPlan(context, audit));
  } else {
    // Whether that is still what lies in the project, only the step can tell.
    const { key, generation } = record;
    await context.events.publish(TOPICS.plan, { version: 1, key, generation, audit });
  }
}

/**
 * Mends the audits that have shown no sign of life for `staleMs`, and ends those past their deadline. Returns how many
 * audits are open. One that can never be mended, because what it left cannot be read, ends with the reason; one that
 * cannot be mended now keeps no other from it, and is thrown for at the end.
 */
export async function sweep(context: Context, staleMs: number): Promise<number> {
  const open: { audit: string; at: number }[] = [];
  for await (const { path, fields } of context.records.list('open-audits')) {
    open.push({ audit: path.slice(path.lastIndexOf('/') + 1), at: typeof fields.at === 'number' ? fields.at : 0 });
  }
  let failure: RewoundError | undefined;
  for (const { audit, at } of open) {
    try {
      await rejecting(context, audit, () => mend(context, audit, at, staleMs));
    } catch (error) {
      failure ??= asRewoundError(error);
    }
  }
  if (failure) throw failure;
  return open.length;
}

async function mend(context: Context, audit: string, at: number, staleMs: number): Promise<void> {
  const record = await readAudit(context, audit);
  const now = context.clock.now();
  // Marked, but its record was never written: the message that was to write it comes again, and marks it again.
  if (!record) {
    if (now - at >= staleMs) await context.records.delete(recordPaths.open(audit));
    return;
  }
  const project = droppedCheckpoint(record.key)?.project;
  // Erased by a process that did not know this run yet, and begun by one that died over it.
  if (context.tenancy && project !== undefined && (await isBuried(context, project))) {
    return context.tenancy.erased(project, [audit]);
  }
  if (!isFinal(record.state) && now - record.createdAt > DEADLINE_MS) {
    const error = new RewoundError('EXPIRED', 'The audit did not end within a week.', {
      help: 'Put the checkpoint into the project again; finished work is reused. Ask for fewer samples.',
    });
    return stopAudit(context, audit, 'EXPIRED', error);
  }
  const seen = Math.max(record.changedAt, isFinal(record.state) ? 0 : await lastDone(context, audit));
  if (now - seen >= staleMs) await resume(context, audit);
}
