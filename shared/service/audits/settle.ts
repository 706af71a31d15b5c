/** Charges for a hosted audit once the pipeline has ended it. */
import { asRewoundError, RewoundError } from '../../errors.ts';
import { droppedCheckpoint } from '../../pipeline/base/layout.ts';
import type { SettleMessage } from '../../pipeline/base/messages.ts';
import { recordPaths } from '../../pipeline/base/record-paths.ts';
import { STAGES } from '../../pipeline/base/stages.ts';
import { freshSamples } from '../../pipeline/planning/settings.ts';
import { readReportFile } from '../../pipeline/results/report-files.ts';
import { forgetAudit, forgetEmbeddings, forgetProject } from '../../pipeline/runs/forget.ts';
import { type AuditRecord, auditOfUpload, isFinal, readAudit } from '../../pipeline/runs/run.ts';
import { bury, findTombstone } from '../../pipeline/runs/tombstones.ts';
import type { Platform } from '../../platform/ports.ts';
import { parseReport } from '../../report/json.ts';
import { readAccount } from '../accounts/accounts.ts';
import { settle } from '../billing/credits.ts';
import { moved } from '../billing/ledger/entry.ts';
import { charge, workOf } from '../billing/tariff.ts';
import { ownerOf, projectOf } from '../core/paths.ts';
import { type AuditReminder, remindOfAudit } from '../core/reminders.ts';
import { announce } from '../webhooks/events.ts';
import { closeAdmission } from './admission.ts';
import { adoptPlanned, stopHosted } from './adopt-plan.ts';
import { type AuditError, changeHosted, type EndState, type HostedAudit, readHosted, runOf } from './hosted-audit.ts';
import { forgetErased } from './mentions.ts';
import { TICKET_MS } from './upload-tickets.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Work that was on its way when an audit ended may still write for as long as a call may take, and comes to nothing. */
const STRAGGLERS_MS = 20 * 60_000;
/** An address for an upload may be used until it expires, and that upload may take as long again. */
const LATE_UPLOADS_MS = 2 * TICKET_MS;
/**
 * Lets an erased audit be looked at again within the hour, as long as an upload can come. A bucket cannot take back an
 * address that it was signed for: in the cloud, what is put there stays until the next look.
 */
export async function remindOfErased(
  context: Pick<Platform, 'records' | 'clock'>,
  place: AuditReminder,
  erasedAt: number,
): Promise<void> {
  const hours = Math.floor((context.clock.now() - erasedAt) / HOUR_MS) + 1;
  // At full hours since the erasure, so that however many looks there are, one of them follows.
  if (hours * HOUR_MS < LATE_UPLOADS_MS) await remindOfAudit(context, 'remains', place, erasedAt + hours * HOUR_MS);
}

/** Lets what was erased `since` then be looked at again, once nobody can write into it any more. */
export async function remindOfRemains(
  context: Pick<Platform, 'records'>,
  place: AuditReminder,
  since: number,
): Promise<void> {
  for (const later of [STRAGGLERS_MS, LATE_UPLOADS_MS]) await remindOfAudit(context, 'remains', place, since + later);
}

/** The step after an audit was planned or has ended: writes down what is to be done, or settles it with its owner. */
export async function settleRun(context: Platform, message: SettleMessage): Promise<void> {
  if ('erased' in message) return forgetWrittenLate(context, message.erased, message.audit);
  const { audit: run } = message;
  const erased = await findTombstone(context, run);
  if (erased) return forgetErased(context, erased.project, [run]);
  const record = await readAudit(context, run);
  const owner = record && ownerOf(droppedCheckpoint(record.key)?.project ?? '');
  if (!record || !owner) return;
  const hosted = await adoptPlanned(context, owner.account, owner.audit);
  if (!isFinal(record.state)) return;
  if (!hosted || isStray(hosted, run)) return forgetStray(context, { ...owner, run }, record);
  await settleAudit(context, owner.account, owner.audit, {
    state: endStateOf(record.state),
    error: record.error,
    run,
  });
}

/** Erases what was written to an erased project, or by a run of it; nothing of what is not erased, or is another's. */
async function forgetWrittenLate(context: Platform, project: string, run: string | undefined): Promise<void> {
  if (!(await findTombstone(context, project))) return;
  const record = run === undefined ? undefined : await readAudit(context, run);
  const isForeign = record !== undefined && droppedCheckpoint(record.key)?.project !== project;
  await forgetErased(context, project, run === undefined || isForeign ? [] : [run]);
}

/** Whether this run is none that a hosted audit knows of, or will: another one is, or it ended before there was one. */
function isStray(hosted: HostedAudit, run: string): boolean {
  return (hosted.planned !== null || hosted.outcome !== null) && runOf(hosted) !== run;
}

/** Erases what belongs to nobody: a run that was on its way when its hosted audit was erased, ended or planned anew. */
async function forgetStray(
  context: Platform,
  place: { readonly account: string; readonly audit: string; readonly run: string },
  { key, generation }: AuditRecord,
): Promise<void> {
  await remindOfRemains(context, place, context.clock.now());
  const upload = recordPaths.upload(key, generation);
  if ((await auditOfUpload(context, key, generation)) === place.run) await context.records.delete(upload);
  await bury(context, projectOf(place.account, place.audit), place.run);
  // Its record last: as long as that is there, the message that comes again goes on with the rest.
  await forgetAudit(context, place.run);
}

function endStateOf(state: string): EndState {
  switch (state) {
    case 'DONE':
    case 'REJECTED':
    case 'CANCELLED':
    case 'EXPIRED':
      return state;
    default:
      return 'FAILED';
  }
}

export interface End {
  readonly state: EndState;
  readonly error: AuditError | null;
  /** The pipeline's own id, where it came so far. */
  readonly run?: string;
}

/**
 * Ends a hosted audit: charges what it has cost, tells whoever wants to know, and gives up what is no longer needed. The
 * first end counts, the rest of it is done as often as it is asked for: a process that dies in between leaves nothing
 * undone when the message comes again.
 */
export async function settleAudit(context: Platform, account: string, id: string, end: End): Promise<HostedAudit> {
  const before = await stopHosted(context, account, id);
  const run = runOf(before) ?? end.run;
  const reached = before.outcome ? undefined : await endReached(context, run, end);
  if (reached) {
    const { retention } = await readAccount(context, account);
    const credits = await creditsFor(context, before, reached.state);
    const entry = await settle(context, account, id, credits);
    const charged = entry ? moved(entry, 'spent') : 0;
    const at = context.clock.now();
    const { state, error } = reached;
    const outcome = {
      state,
      at,
      verdict: reached.verdict,
      error: error && { code: error.code, message: error.message, help: error.help },
      charged,
      reportUntil: at + retention.reportDays * DAY_MS,
      kept: { uploads: retention.uploads, workDays: retention.workDays },
      ...(run === undefined ? {} : { run }),
    };
    await changeHosted(context, account, id, (current) => (current.outcome ? undefined : { ...current, outcome }));
  }
  await closeAdmission(context, account, id, 'ended');
  const audit = await readHosted(context, account, id);
  await afterwards(context, account, id, audit, run);
  return audit;
}

/** A run that came to its own end before it could be stopped has that end. One whose report is gone has no result. */
async function endReached(context: Platform, run: string | undefined, end: End) {
  const record = run === undefined ? undefined : await readAudit(context, run);
  if (run === undefined || !record || !isFinal(record.state)) return { ...end, verdict: null };
  const { state, error } = record;
  if (state !== 'DONE') return { state: endStateOf(state), error, verdict: null };
  try {
    return { state, error, verdict: await verdictOf(context, run) } as const;
  } catch (cause) {
    const { code, message, help, transient } = asRewoundError(cause);
    if (transient) throw cause;
    return { state: 'FAILED', error: { code, message, help }, verdict: null } as const;
  }
}

/** What is to be charged: nothing where there is no result, unless its owner stopped it halfway. */
async function creditsFor(context: Platform, audit: HostedAudit, state: EndState): Promise<number> {
  const { planned, settings, photos, quote } = audit;
  if (!planned || (state !== 'DONE' && state !== 'CANCELLED')) return 0;
  const done: Record<(typeof STAGES)[number], number> = { enrol: 0, probe: 0, confirm: 0 };
  for (const stage of STAGES) done[stage] = await context.records.count(recordPaths.done(planned.run, stage));
  const confirmed = done.confirm > 0;
  const of = planned.shards.enrol + planned.shards.probe + (confirmed ? planned.shards.confirm : 0);
  const fresh = confirmed ? (planned.fresh ?? freshSamples(settings)) : 0;
  const samples = planned.samples ?? settings.samples;
  const work = workOf({ settings: { ...settings, samples }, photos }, { fresh, msPerSample: planned.msPerSample });
  const doneShards = state === 'DONE' ? of : done.enrol + done.probe + done.confirm;
  return charge(work, { done: doneShards, of, quoted: quote.credits }).credits;
}

async function verdictOf(context: Platform, run: string) {
  return parseReport(new TextDecoder().decode(await readReportFile(context, run, 'report.json'))).verdict;
}

/** What follows from an end, over and over the same. */
async function afterwards(
  context: Platform,
  account: string,
  id: string,
  audit: HostedAudit,
  run: string | undefined,
): Promise<void> {
  const { outcome, startedAt } = audit;
  if (!outcome) return;
  const { uploads, workDays } = outcome.kept;
  const place = { account, audit: id, ...(run === undefined ? {} : { run }) };
  await remindOfAudit(context, 'report', place, outcome.reportUntil);
  await remindOfAudit(context, 'work', place, outcome.at + Math.max(workDays * DAY_MS, STRAGGLERS_MS));
  await announce(context, account, endEvent(id, audit, outcome, startedAt));
  // What was never started has no report that its uploads could be kept beside.
  if (uploads === 'end' || startedAt === null) {
    await remindOfRemains(context, place, outcome.at);
    await forgetProject(context, projectOf(account, id));
    if (run !== undefined) await forgetEmbeddings(context, run);
  }
}

function endEvent(
  id: string,
  { label, createdAt }: HostedAudit,
  { state, at, verdict, error, charged }: NonNullable<HostedAudit['outcome']>,
  startedAt: number | null,
) {
  const iso = (time: number) => new Date(time).toISOString();
  if (state === 'DONE') {
    if (!verdict)
      throw new RewoundError('INTERNAL', 'An audit has a result and no verdict.', { help: 'Report this defect.' });
    return {
      type: 'audit.finished',
      at,
      data: {
        audit: id,
        label,
        state,
        verdict,
        credits: charged,
        startedAt: iso(startedAt ?? createdAt),
        finishedAt: iso(at),
      },
    } as const;
  }
  return {
    type: 'audit.failed',
    at,
    data: { audit: id, label, state, code: error?.code ?? 'INTERNAL', credits: charged, finishedAt: iso(at) },
  } as const;
}

export function cancelled(): RewoundError {
  return new RewoundError('CANCELLED', 'The audit was cancelled.', { help: 'Create a new audit.' });
}
