/** Delivers an event to an endpoint, one attempt at a time. */
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { remind } from '../core/agenda.ts';
import { idPattern } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import {
  type Attempt,
  type DeliveryRecord,
  deleteDelivery,
  deliverReminder,
  isOutdated,
  MOST_HISTORY,
  readDelivery,
  remindLater,
  remindToDelete,
  replaceDelivery,
} from './deliveries.ts';
import { disableEndpoint, type Endpoint, findEndpoint, noteHealth } from './endpoints.ts';
import type { Guard } from './guard.ts';
import { MOST_ATTEMPTS, pauseAfter } from './schedule.ts';
import { type Outcome, send } from './send.ts';
import { signedHeaders } from './sign.ts';

/** A delivery is to be looked at: sent if it is due, deleted if it is old. */
export const deliverMessage = z.strictObject({
  version: z.literal(1),
  hops: z.int().min(0).default(0),
  account: z.string().regex(idPattern('account')),
  delivery: z.string().regex(idPattern('message')),
});
export type DeliverMessage = z.infer<typeof deliverMessage>;

export interface DeliverContext extends Pick<Platform, 'records' | 'events' | 'clock'>, Guard {
  readonly secret: Secret;
  /** Uniform in [0, 1), for the pauses. */
  readonly random?: (() => number) | undefined;
  readonly send?: typeof send | undefined;
}

/** An attempt of which nothing was heard for so long is taken for lost: several times what it may take. */
const LOST_MS = 60 * 1000;
/** An endpoint whose deliveries all failed for so long is disabled when one has had its last attempt. */
const FAILING_MS = 5 * 24 * 3600 * 1000;

type Place = Pick<DeliverMessage, 'account' | 'delivery'>;

/**
 * Makes one attempt, if the delivery is due. Whoever writes that an attempt begins makes it; all others leave it alone.
 * Before every write stands the reminder that goes on from there, so that a process that dies anywhere stops nothing:
 * the attempt it died in counts, and the next one comes.
 */
export async function deliver(context: DeliverContext, message: DeliverMessage): Promise<void> {
  const { account, delivery: id } = message;
  const found = await readDelivery(context, account, id);
  if (!found) return;
  const { delivery, version } = found;
  const now = context.clock.now();
  if (delivery.state !== 'pending') {
    if (isOutdated(delivery, now)) await deleteDelivery(context, account, id);
    return;
  }
  if (now < delivery.nextAt) return remindLater(context, account, id, delivery.nextAt);

  const known = withLost(delivery);
  const endpoint = await findEndpoint(context, account, delivery.endpoint);
  if (!endpoint || endpoint.disabledAt !== null) {
    return end(context, message, { ...known, state: 'failed', failure: endpoint ? 'disabled' : 'deleted' }, version);
  }
  if (delivery.attempts >= MOST_ATTEMPTS) {
    return end(context, message, { ...known, state: 'failed', failure: 'exhausted' }, version);
  }
  const begun = { ...known, attempts: delivery.attempts + 1, sendingSince: now, nextAt: now + LOST_MS };
  await remind(context, deliverReminder(account, id, begun.nextAt));
  if (!(await replaceDelivery(context, account, id, begun, version))) return;

  const headers = signedHeaders(context.secret, endpoint, { id, at: now, payload: delivery.payload });
  const outcome = await (context.send ?? send)({ url: endpoint.url, payload: delivery.payload, headers }, context);
  await settle(context, message, endpoint, begun, outcome);
}

/** Writes what came of the attempt that `begun` is, unless it was taken for lost and another one began since. */
async function settle(
  context: DeliverContext,
  place: Place,
  endpoint: Endpoint,
  begun: DeliveryRecord & { readonly sendingSince: number },
  outcome: Outcome,
): Promise<void> {
  const { account, delivery: id } = place;
  const succeeded = outcome.status !== null && outcome.status >= 200 && outcome.status < 300;
  const gone = outcome.status === 410;
  await noteHealth(context, account, endpoint, succeeded);
  if (gone) await disableEndpoint(context, account, endpoint.id, 'gone');

  const found = await readDelivery(context, account, id);
  if (found?.delivery.state !== 'pending') return;
  const { delivery, version } = found;
  const mine = delivery.sendingSince === begun.sendingSince && delivery.attempts === begun.attempts;
  // It has arrived, whoever else is still trying.
  if (!mine && !succeeded) return;
  const after = withAttempt({ ...delivery, sendingSince: null }, { at: begun.sendingSince, ...outcome });
  if (succeeded) return end(context, place, { ...after, state: 'delivered' }, version);
  if (gone) return end(context, place, { ...after, state: 'failed', failure: 'gone' }, version);

  const now = context.clock.now();
  const pause = pauseAfter(delivery.attempts, (context.random ?? Math.random)());
  if (pause !== undefined) {
    await remind(context, deliverReminder(account, id, now + pause));
    await replaceDelivery(context, account, id, { ...after, nextAt: now + pause }, version);
    return;
  }
  await end(context, place, { ...after, state: 'failed', failure: 'exhausted' }, version);
  const since = (await findEndpoint(context, account, endpoint.id))?.failingSince ?? now;
  if (now - since >= FAILING_MS) await disableEndpoint(context, account, endpoint.id, 'failing');
}

async function end(
  context: DeliverContext,
  { account, delivery: id }: Place,
  delivery: DeliveryRecord,
  version: string,
): Promise<void> {
  const endedAt = context.clock.now();
  await remindToDelete(context, account, id, endedAt);
  await replaceDelivery(context, account, id, { ...delivery, endedAt, sendingSince: null }, version);
}

/** The delivery with the attempt that was never heard of again in its history, if there was one. */
function withLost(delivery: DeliveryRecord): DeliveryRecord {
  const { sendingSince: at } = delivery;
  if (at === null) return delivery;
  return withAttempt({ ...delivery, sendingSince: null }, { at, status: null, reason: 'lost' });
}

function withAttempt(delivery: DeliveryRecord, attempt: Attempt): DeliveryRecord {
  return { ...delivery, history: [...delivery.history, attempt].slice(-MOST_HISTORY) };
}
