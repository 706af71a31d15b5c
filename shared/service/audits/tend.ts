/** Does what the agenda says of a hosted audit. */
import { RewoundError } from '../../errors.ts';
import { forgetAudit, forgetEmbeddings, forgetProject, forgetWork } from '../../pipeline/runs/forget.ts';
import { readAudit, stopAudit } from '../../pipeline/runs/run.ts';
import { findTombstone, isBuried } from '../../pipeline/runs/tombstones.ts';
import type { Platform } from '../../platform/ports.ts';
import { projectOf } from '../core/paths.ts';
import { remindOfAudit, type TendMessage } from '../core/reminders.ts';
import { forgetAdmission } from './admission.ts';
import { stopHosted } from './adopt-plan.ts';
import { eraseAudit } from './erase.ts';
import { findHosted, findRun, runOf } from './hosted-audit.ts';
import { forgetErased, forgetMentions } from './mentions.ts';
import { remindOfErased, settleAudit } from './settle.ts';
import { END_WITHIN_MS, publishPlan } from './start.ts';

/** A start that has not begun is published again after this. */
const AGAIN_MS = 10 * 60_000;

/** Does what the agenda says of a hosted audit. Of one that was erased there is nothing left to do but to look. */
export async function tend(context: Platform, message: TendMessage): Promise<void> {
  if ('forget' in message) return context.records.delete(message.forget);
  const { about, account, audit: id } = message;
  if (about === 'remains') return forgetRemains(context, message);
  const audit = await findHosted(context, account, id);
  if (!audit) {
    const project = projectOf(account, id);
    // What a process wrote that was ending it, and died, while it was erased.
    if (await isBuried(context, project)) await forgetErased(context, project, []);
    return;
  }
  const { outcome, planned, startedAt } = audit;
  switch (about) {
    case 'start':
      if (outcome || planned || startedAt === null) return;
      await remindOfAudit(context, 'start', { account, audit: id }, context.clock.now() + AGAIN_MS);
      return publishPlan(context, account, id, audit);
    case 'expire':
      // Reminded of a day after it was made and, if it was started, again when its time is over.
      if (!outcome && startedAt !== null && context.clock.now() < startedAt + STARTED_MS) return;
      // Of one that has ended, what follows from that is done again: whoever ended it may have died over it.
      if (!outcome) {
        const run = await findRun(context, await stopHosted(context, account, id));
        if (run !== undefined && (await readAudit(context, run))) await stopAudit(context, run, 'EXPIRED', expired());
      }
      await settleAudit(context, account, id, { state: 'EXPIRED', error: expired() });
      return;
    case 'work': {
      const run = runOf(audit);
      if (run !== undefined) await forgetWork(context, run);
      return;
    }
    case 'report':
      await eraseAudit(context, account, id);
  }
}

/** As long as a started audit may take, see `start.ts`, less what clocks may differ. */
const STARTED_MS = END_WITHIN_MS - 3_600_000;

/** What was written into a project, or by a run, after it was erased. */
async function forgetRemains(
  context: Platform,
  { account, audit: id, run }: Extract<TendMessage, { about: string }>,
): Promise<void> {
  const project = projectOf(account, id);
  const audit = await findHosted(context, account, id);
  const tombstone = await findTombstone(context, project);
  if (tombstone) {
    // A process died over the erasure.
    if (audit) await eraseAudit(context, account, id);
    await remindOfErased(context, { account, audit: id, ...(run === undefined ? {} : { run }) }, tombstone.at);
    return forgetErased(context, project, run === undefined ? [] : [run]);
  }
  // Of one that is there, its uploads may go if it gave them up; a run may if it is another than its own.
  const own = audit && runOf(audit);
  if (!audit || run === undefined || run === own) await forgetProject(context, project);
  if (run !== undefined && run === own) await forgetEmbeddings(context, run);
  else if (run !== undefined) await forgetAudit(context, run);
  if (audit) return;
  await forgetAdmission(context, account, id);
  await forgetMentions(context, account, id);
}

function expired(): RewoundError {
  return new RewoundError('EXPIRED', 'The audit was not started within a day, or did not end within a week.', {
    help: 'Create a new audit.',
  });
}
