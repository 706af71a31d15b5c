/** Announces events to the endpoints of an account. */
import { TOPICS } from '../../pipeline/base/messages.ts';
import { isBuried } from '../../pipeline/runs/tombstones.ts';
import type { Platform } from '../../platform/ports.ts';
import { remind } from '../core/agenda.ts';
import { messageId } from '../core/ids.ts';
import { projectOf } from '../core/paths.ts';
import { createDelivery, deleteDelivery, KEPT_MS } from './deliveries.ts';
import { listEndpoints } from './endpoints.ts';
import { payloadOf, subjectOf, type WebhookEvent } from './event-types.ts';

/** When a message that was published but never handled is looked at again. */
const SAFETY_MS = 10 * 60 * 1000;

/**
 * Tells every endpoint of the account that asked for events of this type. The same event told again, with the same
 * time, makes no further message, so that whoever tells it may do so as often as it likes.
 */
export async function announce(
  context: Pick<Platform, 'records' | 'events' | 'clock'>,
  account: string,
  event: WebhookEvent,
): Promise<void> {
  const payload = payloadOf(event);
  const { type, at, data } = event;
  const audit = 'audit' in data ? data.audit : undefined;
  // Its deliveries may be deleted by now: they would all be made, and sent, again.
  if (context.clock.now() - at >= KEPT_MS) return;
  for (const endpoint of await listEndpoints(context, account)) {
    if (endpoint.disabledAt !== null || !endpoint.events.includes(type)) continue;
    const delivery = messageId(at, account, endpoint.id, type, subjectOf(event));
    const message = { version: 1, account, delivery };
    // Before the delivery: should this process die at any point, the rest is done then.
    await remind(context, { at: at + SAFETY_MS, topic: TOPICS.deliver, message, id: delivery });
    await createDelivery(context, account, delivery, { endpoint: endpoint.id, type, at, payload });
    // It holds the audit's label. An erasure that began since has not seen it.
    if (audit !== undefined && (await isBuried(context, projectOf(account, audit)))) {
      await deleteDelivery(context, account, delivery);
      return context.records.purge([]);
    }
    await context.events.publish(TOPICS.deliver, message);
  }
}
