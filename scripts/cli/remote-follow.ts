import { setTimeout } from 'node:timers/promises';
import { asRewoundError, RewoundError } from '../../shared/errors.ts';
import { type AuditRecord, auditOfUpload, isFinal, readAudit, type State } from '../../shared/pipeline/audits.ts';
import { keys, records, type Stage } from '../../shared/pipeline/keys.ts';
import { type Plan, readPlan, samplingOf, stageShards } from '../../shared/pipeline/plan-file.ts';
import type { Platform } from '../../shared/platform/ports.ts';
import type { Watch } from './audit.ts';
import type { Progress } from './progress.ts';
import { uploaded } from './remote-upload.ts';

const POLL_MS = 2000;
/** A deployment that has not begun an audit after this long does not hear of uploads. */
const PATIENCE_MS = 10 * 60_000;

const STAGE_OF: Partial<Record<State, Stage>> = { ENROLLING: 'enrol', PROBING: 'probe', CONFIRMING: 'confirm' };

/** Follows the audit of the checkpoint at `key` to its end; undefined if the user no longer wants to. */
export async function follow(remote: Platform, key: string, { progress, signal }: Watch): Promise<string | undefined> {
  const started = remote.clock.now();
  const show = display(remote, progress);
  let audit: string | undefined;
  let silent = false;
  while (!signal.aborted) {
    try {
      // Asked for each time: whoever runs the same command at the same time may have put it there once more.
      audit ??= await auditOfUpload(remote, key, (await uploaded(remote, key)).generation);
      const record = audit === undefined ? undefined : await readAudit(remote, audit);
      if (audit !== undefined && record) {
        if (isFinal(record.state)) return audit;
        await show(audit, record);
      } else if (remote.clock.now() - started > PATIENCE_MS) {
        throw notBegun();
      }
      silent = false;
    } catch (cause) {
      const error = asRewoundError(cause);
      // The audit goes on without being looked at.
      if (error.code !== 'PLATFORM_UNAVAILABLE') throw error;
      if (!silent) progress.note(`Still following: ${error.message}`);
      silent = true;
    }
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** Shows how far an audit is, in the units in which an audit on this machine shows it. */
function display(remote: Platform, progress: Progress) {
  let plan: Plan | undefined;
  return async (audit: string, { state }: AuditRecord): Promise<void> => {
    if (state === 'RECEIVED') progress.update('plan', 0, 1, 'checkpoints');
    if (state === 'MERGING') progress.update('merge', 0, 1, 'report');
    const stage = STAGE_OF[state];
    if (!stage) return;
    if (!plan && !(await remote.objects.head(keys.plan(audit)))) return;
    plan ??= await readPlan(remote, audit);
    const { total, unit } = amount(plan, stage);
    const [done, shards] = [await remote.records.count(records.done(audit, stage)), stageShards(plan, stage)];
    // Shards are alike but for the last: who counts more exactly would have to read every record.
    progress.update(stage, Math.round((total * done) / Math.max(shards, 1)), total, unit);
  };
}

function amount(plan: Plan, stage: Stage): { readonly total: number; readonly unit: string } {
  if (stage !== 'enrol') return { total: samplingOf(plan, stage).samples, unit: 'samples' };
  return { total: plan.enrolment.reduce((photos, { count }) => photos + count, 0), unit: 'photos' };
}

function notBegun(): RewoundError {
  return new RewoundError('NOT_FOUND', 'The deployment did not begin the audit.', {
    help: 'Check the bucket notification and the logs of the function "plan"; see docs/deploy.md.',
  });
}
