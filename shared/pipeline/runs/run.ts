/** The record of an audit: its state, from received to its end. */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../error-codes.ts';
import { RewoundError } from '../../errors.ts';
import type { Fields, Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { digest } from '../base/digest.ts';
import { droppedCheckpoint, keys } from '../base/layout.ts';
import { TOPICS } from '../base/messages.ts';
import { recordPaths } from '../base/record-paths.ts';
import type { Stage } from '../base/stages.ts';
import { forgetWork } from './forget.ts';
import { finishedIsWhole, mendWork } from './mend.ts';

/** An audit's record: where it stands. Changed only by a write that names the version it read. */
const STATES = [
  'RECEIVED',
  'ENROLLING',
  'PROBING',
  'MERGING',
  'CONFIRMING',
  'DONE',
  'REJECTED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
] as const;
export type State = (typeof STATES)[number];

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_CODES;

const recordSchema = z.object({
  state: z.enum(STATES),
  key: z.string(),
  generation: z.string(),
  createdAt: z.number(),
  /** When the state last changed. */
  changedAt: z.number(),
  error: z.object({ code: z.string().refine(isErrorCode), message: z.string(), help: z.string() }).nullable(),
});
export type AuditRecord = z.infer<typeof recordSchema>;

const ORDER: Readonly<Record<State, number>> = {
  RECEIVED: 0,
  ENROLLING: 1,
  PROBING: 2,
  MERGING: 3,
  CONFIRMING: 4,
  DONE: 5,
  REJECTED: 5,
  FAILED: 5,
  CANCELLED: 5,
  EXPIRED: 5,
};

export function isFinal(state: State): boolean {
  return ORDER[state] === ORDER.DONE;
}

export async function readAudit(
  { records: store }: Pick<Platform, 'records'>,
  id: string,
): Promise<AuditRecord | undefined> {
  const snapshot = await store.get(recordPaths.audit(id));
  return snapshot && readRecord(recordSchema, snapshot.fields);
}

/**
 * Creates the record of a new audit. One that is there already is left alone, unless the same content was uploaded
 * anew: then it names the new upload, and an audit that ended without a result is tried again.
 */
export async function receiveAudit(
  context: Platform,
  id: string,
  key: string,
  generation: string,
): Promise<AuditRecord> {
  const now = context.clock.now();
  const record = { state: 'RECEIVED', key, generation, createdAt: now, changedAt: now, error: null } as const;
  // The mark first: an audit that is not marked would never be mended.
  if (!(await context.records.get(recordPaths.audit(id))))
    await context.records.create(recordPaths.open(id), { at: now });
  await context.records.create(recordPaths.audit(id), record);
  await context.records.create(recordPaths.upload(key, generation), { audit: id });
  const found = (await readAudit(context, id)) ?? record;
  if (found.generation === generation) return found;
  await reopenAudit(context, id, generation);
  return (await readAudit(context, id)) ?? record;
}

const uploadSchema = z.object({ audit: z.string() });

/** The audit that an upload began, if any has yet. */
export async function auditOfUpload(
  { records: store }: Pick<Platform, 'records'>,
  key: string,
  generation: string,
): Promise<string | undefined> {
  const snapshot = await store.get(recordPaths.upload(key, generation));
  return snapshot && readRecord(uploadSchema, snapshot.fields).audit;
}

/**
 * The audit that an upload began and that was never planned. Where nobody could tell yet what the upload is, that is one
 * of its own: there must be something that can end with the reason.
 */
export async function unplannedAudit(
  context: Platform,
  { key, generation }: { readonly key: string; readonly generation: string },
): Promise<string | undefined> {
  const begun = await auditOfUpload(context, key, generation);
  if (begun !== undefined) return (await readAudit(context, begun))?.state === 'RECEIVED' ? begun : undefined;
  const unread = digest('unread', key, generation);
  await receiveAudit(context, unread, key, generation);
  return unread;
}

/** Moves an audit on to `state`, unless it is there already or further. */
export async function advance(context: Platform, id: string, state: State): Promise<void> {
  await change(context, id, (record) => (ORDER[record.state] < ORDER[state] ? { ...record, state } : undefined));
}

/** Ends an audit with its result. */
export async function completeAudit(context: Platform, id: string): Promise<void> {
  await advance(context, id, 'DONE');
  await finish(context, id);
}

/** Closes a final audit: the sweep no longer looks at it, and the world is told. */
async function finish(context: Platform, id: string): Promise<void> {
  await context.events.publish(TOPICS.notify, { version: 1, audit: id });
  await context.records.delete(recordPaths.open(id));
}

/** Ends an audit with a reason, unless it has ended, and says so to the world. */
export async function stopAudit(
  context: Platform,
  id: string,
  state: 'REJECTED' | 'FAILED' | 'CANCELLED' | 'EXPIRED',
  { code, message, help }: RewoundError,
): Promise<void> {
  await change(context, id, (record) =>
    isFinal(record.state) ? undefined : { ...record, state, error: { code, message, help } },
  );
  await finish(context, id);
}

/**
 * Opens an audit that ended without a result, so that it can be tried again from where it stood, in a time of its own;
 * and one with a result that is damaged by now, so that it is made again. Damaged pieces are removed first.
 * `generation` is the upload it now goes back to.
 */
export async function reopenAudit(context: Platform, id: string, generation?: string): Promise<void> {
  const before = await readAudit(context, id);
  const remake = before?.state === 'DONE' && !(await finishedIsWhole(context, id));
  if (before?.state === 'DONE' && !remake) return;
  if (remake || before?.error?.code === 'RESULT_DAMAGED')
    await mendWork(context, id, droppedCheckpoint(before.key)?.project);
  else if (await hasLostWork(context, id)) await forgetWork(context, id);
  await context.records.create(recordPaths.open(id), { at: context.clock.now() });
  await change(context, id, (record) => {
    const upload = generation ?? record.generation;
    if (!isFinal(record.state)) return upload === record.generation ? undefined : { ...record, generation: upload };
    if (record.state === 'DONE' && !remake) return undefined;
    return { ...record, generation: upload, state: 'RECEIVED', createdAt: context.clock.now(), error: null };
  });
}

/** What ends an audit whose plan names objects that are no longer there. */
const GAPS: ReadonlySet<ErrorCode> = new Set(['RESULT_INCOMPLETE', 'NOT_FOUND', 'OBJECT_CHANGED']);

/**
 * Whether an audit that ended without a result cannot go on from where it stood: it met a gap, or its plan is gone, as
 * work is after two weeks. Shards are numbered by the plan; those of another may not be taken for done.
 */
async function hasLostWork(context: Platform, id: string): Promise<boolean> {
  const record = await readAudit(context, id);
  if (!record || !isFinal(record.state) || record.state === 'DONE') return false;
  return (record.error !== null && GAPS.has(record.error.code)) || !(await context.objects.head(keys.plan(id)));
}

async function change(
  context: Platform,
  id: string,
  next: (record: AuditRecord) => AuditRecord | undefined,
): Promise<void> {
  for (;;) {
    const snapshot = await context.records.get(recordPaths.audit(id));
    if (!snapshot) throw unknownAudit();
    const changed = next(readRecord(recordSchema, snapshot.fields));
    const record = changed && { ...changed, changedAt: context.clock.now() };
    if (!record || (await context.records.replace(snapshot.path, record as Fields, snapshot.version))) return;
  }
}

/** Steps after a stop have nothing to do: their messages were on their way already. */
export async function isRunning(context: Platform, id: string): Promise<boolean> {
  return (await runningVersion(context, id)) !== undefined;
}

/** The version of the record of an audit that has not ended, undefined for one that has. */
export async function runningVersion(context: Platform, id: string): Promise<string | undefined> {
  const snapshot = await context.records.get(recordPaths.audit(id));
  if (!snapshot) throw unknownAudit();
  return isFinal(readRecord(recordSchema, snapshot.fields).state) ? undefined : snapshot.version;
}

/** A shard of one of the stages. */
export interface ShardPlace {
  readonly audit: string;
  readonly stage: Stage;
  readonly shard: number;
}

/** Whether a shard's result is there and was counted. */
export async function shardIsDone(
  { records: store }: Pick<Platform, 'records'>,
  { audit, stage, shard }: ShardPlace,
): Promise<boolean> {
  return (await store.get(`${recordPaths.done(audit, stage)}/${shard}`)) !== undefined;
}

function unknownAudit(): RewoundError {
  return new RewoundError('NOT_FOUND', 'There is no such audit.', {
    help: 'It may have been deleted; put the checkpoint into the project again.',
  });
}
