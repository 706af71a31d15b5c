/** Ends an audit whose message failed at every attempt. */
import { z } from 'zod';
import type { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { droppedCheckpoint } from '../base/layout.ts';
import { planMessage } from '../base/messages.ts';
import { STAGES } from '../base/stages.ts';
import { admissionOf } from '../base/tenancy.ts';
import { isFinal, readAudit, shardIsDone, stopAudit, unplannedAudit } from './run.ts';

/** A message of a shard that says so: those of an older version do not. */
const shardSchema = z.looseObject({ audit: z.string(), stage: z.enum(STAGES), shard: z.int() });

/**
 * A message was given up after its last attempt: its audit ends with the reason, unless the shard it asked for is done.
 * Messages come twice, and one delivery may fail for good where another did the work; what that one could not publish
 * any more, the sweep does.
 */
export async function giveUp(context: Context, message: unknown, error: RewoundError): Promise<void> {
  const audit = await auditOf(context, message);
  const record = audit === undefined ? undefined : await readAudit(context, audit);
  // What has ended stays as it is: to end it again would tell of it again, and whoever fails at that would go in a circle.
  if (audit === undefined || !record || isFinal(record.state)) return;
  const { data: shard } = shardSchema.safeParse(message);
  if (shard && (await shardIsDone(context, shard))) return;
  await stopAudit(context, audit, 'FAILED', error);
}

/** The audit a message is about: the one it names, or that of an upload which was never planned. */
async function auditOf(context: Context, message: unknown): Promise<string | undefined> {
  if (typeof message !== 'object' || message === null) return undefined;
  if ('audit' in message) return typeof message.audit === 'string' ? message.audit : undefined;
  const { data: landed } = planMessage.safeParse(message);
  const place = landed && droppedCheckpoint(landed.key);
  if (!place || (await admissionOf(context, place)) !== 'plan') return undefined;
  return unplannedAudit(context, landed);
}
