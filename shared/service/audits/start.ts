/** Starts a hosted audit whose files are there. */
import { RewoundError } from '../../errors.ts';
import { TOPICS } from '../../pipeline/base/messages.ts';
import { putOnce } from '../../pipeline/base/once.ts';
import { readAudit, stopAudit } from '../../pipeline/runs/run.ts';
import { isBuried } from '../../pipeline/runs/tombstones.ts';
import { hold, holdFree } from '../billing/credits.ts';
import { announceLowCredits } from '../billing/low-credits.ts';
import type { ServiceContext } from '../core/context.ts';
import { projectOf } from '../core/paths.ts';
import { remindOfAudit } from '../core/reminders.ts';
import { openAdmission } from './admission.ts';
import { stopHosted } from './adopt-plan.ts';
import { changeHosted, findRun, type HostedAudit, readHosted } from './hosted-audit.ts';
import { cancelled, settleAudit } from './settle.ts';
import { checkUploads } from './upload-tickets.ts';

/** When a start is looked at again, in case this process died before it had published it. */
const CHECK_MS = 5 * 60_000;
/** The pipeline ends an audit after a week; a day later it has ended here too, whatever happened. */
export const END_WITHIN_MS = 8 * 24 * 3_600_000;

type Context = Pick<ServiceContext, 'objects' | 'records' | 'events' | 'clock' | 'settings'>;

/**
 * Starts an audit whose files are there: holds what was quoted, then lets the pipeline plan it. As often as it is asked
 * for, it happens once. Throws CREDITS_INSUFFICIENT, and CONFLICT for what cannot be started.
 */
export async function startAudit(context: Context, account: string, id: string): Promise<HostedAudit> {
  const audit = await readHosted(context, account, id);
  if (audit.outcome || audit.cancelledAt !== null) {
    throw new RewoundError('CONFLICT', 'The audit has ended.', { help: 'Create a new audit.' });
  }
  // Asking again must cost nothing: each plan lists all photos. If its process died before it published, its reminder does.
  if (audit.startedAt !== null) return audit;
  const checkpoint = await checkUploads(context, account, id, audit);
  const now = context.clock.now();
  // First: a refusal must leave nothing. Should this process die now, the reminder of the audit's creation releases it.
  const entry = await (audit.paid ? hold : holdFree)(context, account, id, audit.quote.credits);
  await remindOfAudit(context, 'start', { account, audit: id }, now + CHECK_MS);
  await remindOfAudit(context, 'expire', { account, audit: id }, now + END_WITHIN_MS);
  // Before it counts as started: whoever asks again then changes nothing.
  await announceLowCredits(context, account, entry);
  await putSettings(context, projectOf(account, id), audit);
  const started = await changeHosted(context, account, id, (current) =>
    current.startedAt === null ? { ...current, startedAt: now, checkpoint } : undefined,
  );
  await publishPlan(context, account, id, started);
  return started;
}

/** Admits a started audit to the pipeline and asks for its plan; a planned audit is merely gone on with. */
export async function publishPlan(
  context: Pick<Context, 'records' | 'events'>,
  account: string,
  id: string,
  audit: HostedAudit,
): Promise<void> {
  const { checkpoint } = audit;
  if (!checkpoint) return;
  await admitStarted(context, account, id, audit);
  await context.events.publish(TOPICS.plan, { version: 1, ...checkpoint });
}

/** Tells the pipeline what it may know of a started audit, unless it was told. */
export async function admitStarted(
  context: Pick<Context, 'records'>,
  account: string,
  id: string,
  { checkpoint, photos, paid, quote, planned }: HostedAudit,
): Promise<void> {
  const terms = { checkpoint: checkpoint?.key ?? null, photos, credits: paid ? quote.credits : null, planned };
  await openAdmission(context, account, id, terms);
}

/** Writes what the audit's owner decided. It is erased again if the audit was erased meanwhile. Throws CANCELLED. */
async function putSettings(context: Context, project: string, audit: HostedAudit): Promise<void> {
  const key = `${project}/project.json`;
  await putOnce(context, key, projectJson(audit));
  if (!(await isBuried(context, project))) return;
  await context.objects.delete(key);
  await context.records.purge([]);
  throw cancelled();
}

function projectJson({ settings, names, pseudonymKey }: HostedAudit): Uint8Array {
  const identities = names ? { identities: 'names' } : { identities: 'pseudonyms', pseudonymKey };
  return new TextEncoder().encode(JSON.stringify({ ...settings, ...identities }));
}

/** Stops an audit. What was done of it is charged; one that was never started costs nothing. Throws CONFLICT if it has ended. */
export async function cancelAudit(context: Context, account: string, id: string): Promise<HostedAudit> {
  const before = await readHosted(context, account, id);
  if (before.outcome && before.outcome.state !== 'CANCELLED') {
    throw new RewoundError('CONFLICT', 'The audit has ended: it can no longer be cancelled.', {
      help: 'Read its result, or delete it.',
    });
  }
  await changeHosted(context, account, id, (current) =>
    current.cancelledAt === null ? { ...current, cancelledAt: context.clock.now() } : undefined,
  );
  const audit = await stopHosted(context, account, id);
  const error = cancelled();
  // A run that ends by itself in this moment keeps its result, and is paid for.
  const run = await findRun(context, audit);
  if (run !== undefined && (await readAudit(context, run))) await stopAudit(context, run, 'CANCELLED', error);
  return settleAudit(context, account, id, { state: 'CANCELLED', error, ...(run === undefined ? {} : { run }) });
}
