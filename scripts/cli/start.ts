/** Starts or resumes an audit and runs it to its end. */
import { RewoundError } from '../../shared/errors.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { keys } from '../../shared/pipeline/base/layout.ts';
import { TOPICS } from '../../shared/pipeline/base/messages.ts';
import { recordPaths } from '../../shared/pipeline/base/record-paths.ts';
import { identifyKey } from '../../shared/pipeline/planning/identify.ts';
import { sampleShards } from '../../shared/pipeline/planning/plan/sampling.ts';
import type { Plan } from '../../shared/pipeline/planning/plan/schema.ts';
import { readPlan } from '../../shared/pipeline/planning/plan/store.ts';
import { forgetAudit, forgetWork } from '../../shared/pipeline/runs/forget.ts';
import { finishedIsWhole } from '../../shared/pipeline/runs/mend.ts';
import { rejecting } from '../../shared/pipeline/runs/reject.ts';
import { type AuditRecord, isFinal, readAudit, reopenAudit } from '../../shared/pipeline/runs/run.ts';
import { resume } from '../../shared/pipeline/steps/sweep.ts';
import type { Progress } from './progress.ts';
import { understandingOf } from './understanding.ts';

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
    await rejecting(context, audit, () => resume(context, audit));
  }
}

/** Starts or resumes the audit of the checkpoint at `key`; returns its id. */
export async function start(
  context: Context,
  key: string,
  shards: number | undefined,
  progress: Progress,
  list = false,
): Promise<string> {
  const checkpoint = await context.objects.head(key);
  const found = await identifyKey(context, key);
  if (!checkpoint || !found) {
    throw new RewoundError('NOT_FOUND', 'The checkpoint is not there, or its name is not one a bucket accepts.', {
      help: 'Check the path; names must not begin with a dot or end in .part, .tmp or .json.',
    });
  }
  const id = found.audit;
  for (const line of understandingOf(found, list)) progress.note(line);
  const record = await readAudit(context, id);
  const plan = record && (await planOf(context, id, record, progress));
  if (plan && shards !== undefined) {
    const before = sampleShards(plan, 'probe').length;
    if (before !== shards) {
      progress.note(`The work so far was cut into ${before} shards; starting over with ${shards}.`);
      await forgetAudit(context, id);
      return start(context, key, undefined, progress, false);
    }
  }
  if (!record) {
    await context.events.publish(TOPICS.plan, { version: 1, key, generation: checkpoint.generation });
    return id;
  }
  if (record.state === 'DONE') {
    if (await finishedIsWhole(context, id)) {
      progress.note('This audit is finished already; here is its result.');
      return id;
    }
    progress.note(
      'This audit is finished, but its result was damaged in the work folder: what is damaged is made again.',
    );
  }
  await reopenAudit(context, id, checkpoint.generation);
  if (plan && record.state !== 'DONE') {
    const done = await context.records.count(recordPaths.done(id, 'probe'));
    progress.note(`Resuming: ${done} of ${sampleShards(plan, 'probe').length} shards are finished.`);
  }
  await rejecting(context, id, () => resume(context, id));
  return id;
}

/** The plan of an audit, if there is one. One that is damaged is forgotten, with what followed from it where that is no result yet. */
async function planOf(
  context: Context,
  audit: string,
  { state }: AuditRecord,
  progress: Progress,
): Promise<Plan | undefined> {
  if (!(await context.objects.head(keys.plan(audit)))) return undefined;
  try {
    return await readPlan(context, audit);
  } catch (error) {
    if (!(error instanceof RewoundError && error.code === 'RESULT_DAMAGED')) throw error;
    if (state === 'DONE') return undefined;
    progress.note('The plan of this audit is damaged in the work folder: the audit starts over.');
    await forgetWork(context, audit);
    return undefined;
  }
}
