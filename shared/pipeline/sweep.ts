import type { RewoundError } from '../errors.ts';
import { isFinal, readAudit, stopAudit } from './audits.ts';
import type { Context } from './context.ts';
import { dispatch } from './fan-in.ts';
import { keys } from './keys.ts';
import { announce } from './merge.ts';
import { TOPICS } from './messages.ts';
import { readPlan } from './plan-file.ts';

/** Publishes what an unfinished audit needs next, for a process that died between a write and a publish. */
export async function resume(context: Context, audit: string): Promise<void> {
  const record = await readAudit(context, audit);
  if (!record) return;
  if (isFinal(record.state)) return announce(context, audit);
  if (await context.objects.head(keys.plan(audit))) return dispatch(context, await readPlan(context, audit));
  await context.events.publish(TOPICS.plan, { version: 1, key: record.key, generation: record.generation });
}

/** Mends all unfinished audits; returns how many there are. */
export async function sweep(context: Context): Promise<number> {
  let unfinished = 0;
  for await (const { path } of context.records.list('audits')) {
    const audit = path.slice(path.lastIndexOf('/') + 1);
    const record = await readAudit(context, audit);
    if (!record || isFinal(record.state)) continue;
    unfinished += 1;
    await resume(context, audit);
  }
  return unfinished;
}

/** A message was given up after its last attempt: its audit ends with the reason. */
export async function giveUp(context: Context, message: unknown, error: RewoundError): Promise<void> {
  if (typeof message !== 'object' || message === null || !('audit' in message)) return;
  if (typeof message.audit !== 'string' || !(await readAudit(context, message.audit))) return;
  await stopAudit(context, message.audit, 'FAILED', error);
}
