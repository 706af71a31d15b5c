import { RewoundError } from '../../shared/errors.ts';
import { isFinal, readAudit, reopenAudit } from '../../shared/pipeline/audits.ts';
import type { Context } from '../../shared/pipeline/context.ts';
import { forgetAudit } from '../../shared/pipeline/forget.ts';
import { auditId } from '../../shared/pipeline/found.ts';
import { keys, records } from '../../shared/pipeline/keys.ts';
import { TOPICS } from '../../shared/pipeline/messages.ts';
import { readPlan, sampleShards } from '../../shared/pipeline/plan-file.ts';
import { resume } from '../../shared/pipeline/sweep.ts';
import type { Progress } from './progress.ts';

/** Runs that end with the audit unfinished before that is its end. */
const MOST_RUNS = 4;

/**
 * Runs what an audit needs until it has ended. A process that could not publish after it had written leaves an audit
 * that nothing is under way for: it is resumed, a few times.
 */
export async function finish(
  context: Context,
  audit: string,
  signal: AbortSignal,
  runUntilIdle: () => Promise<void>,
): Promise<void> {
  for (let runs = 1; ; runs++) {
    await runUntilIdle();
    if (signal.aborted || runs === MOST_RUNS) return;
    const record = await readAudit(context, audit);
    if (!record || isFinal(record.state)) return;
    await resume(context, audit);
  }
}

/** Starts or resumes the audit of the checkpoint at `key`; returns its id. */
export async function start(
  context: Context,
  key: string,
  shards: number | undefined,
  progress: Progress,
): Promise<string> {
  const checkpoint = await context.objects.head(key);
  const id = await auditId(context, key);
  if (!checkpoint || !id) {
    throw new RewoundError('NOT_FOUND', 'The checkpoint is not there, or its name is not one a bucket accepts.', {
      help: 'Check the path; names must not begin with a dot or end in .part, .tmp or .json.',
    });
  }
  const record = await readAudit(context, id);
  if (record && shards !== undefined && (await context.objects.head(keys.plan(id)))) {
    const before = sampleShards(await readPlan(context, id), 'probe').length;
    if (before !== shards) {
      progress.note(`The work so far was cut into ${before} shards; starting over with ${shards}.`);
      await forgetAudit(context, id);
      return start(context, key, undefined, progress);
    }
  }
  if (!record) {
    await context.events.publish(TOPICS.plan, { version: 1, key, generation: checkpoint.generation });
    return id;
  }
  if (record.state === 'DONE') {
    progress.note('This audit is finished already; here is its result.');
    return id;
  }
  if (await context.objects.head(keys.plan(id))) {
    const plan = await readPlan(context, id);
    const done = await context.records.count(records.done(id, 'probe'));
    progress.note(`Resuming: ${done} of ${sampleShards(plan, 'probe').length} shards are finished.`);
  }
  await reopenAudit(context, id);
  await resume(context, id);
  return id;
}
