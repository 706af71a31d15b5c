/** The step that tells of the end of an audit. */
import type { Context } from '../base/context.ts';
import { type NotifyMessage, TOPICS } from '../base/messages.ts';
import { isFinal, readAudit } from '../runs/run.ts';

/** Tells the world that an audit has ended, as often as it is asked to: whoever listens gets it at least once. */
export async function notify(context: Context, { audit }: NotifyMessage): Promise<void> {
  const record = await readAudit(context, audit);
  if (!record || !isFinal(record.state)) return;
  await context.events.publish(TOPICS.settle, { version: 1, audit });
  await context.events.publish(TOPICS.finished, { version: 1, audit, state: record.state });
}
