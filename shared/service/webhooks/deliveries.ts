/** The record of a delivery. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { TOPICS } from '../../pipeline/base/messages.ts';
import type { Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { type Reminder, remind } from '../core/agenda.ts';
import { idPattern } from '../core/ids.ts';
import { findEndpoint } from './endpoints.ts';
import { EVENT_TYPES } from './event-types.ts';
import { REASONS } from './send.ts';

/** How long a delivery can be looked at, and sent again, after it ended. */
export const KEPT_MS = 30 * 24 * 3600 * 1000;
/** Attempts that are kept, the latest. */
export const MOST_HISTORY = 20;
/**
 * Added to the time of what must not come too early: another machine's clock may be behind, and what comes too early is
 * left alone.
 */
const SKEW_MS = 60 * 1000;

const attemptSchema = z.object({
  at: z.number(),
  status: z.int().nullable(),
  /** `lost`: the process died, and what came of it is not known. */
  reason: z.enum([...REASONS, 'lost']).nullable(),
});

const deliverySchema = z.object({
  endpoint: z.string(),
  type: z.enum(EVENT_TYPES),
  /** When the event happened. */
  at: z.number(),
  /** The body as text: every attempt sends the same bytes. */
  payload: z.string(),
  state: z.enum(['pending', 'delivered', 'failed']),
  /** Why it failed: after the last attempt, by a 410, or because the endpoint is disabled or deleted. */
  failure: z.enum(['exhausted', 'gone', 'disabled', 'deleted']).nullable(),
  /** Attempts begun since it was made, or sent again. */
  attempts: z.int().min(0),
  /** Nothing is sent before. While an attempt runs, when it is taken for lost. */
  nextAt: z.number(),
  /** When the attempt that runs began. */
  sendingSince: z.number().nullable(),
  endedAt: z.number().nullable(),
  /** The latest attempts, the first one first. */
  history: z.array(attemptSchema),
});
export type DeliveryRecord = z.infer<typeof deliverySchema>;
export type Delivery = DeliveryRecord & { readonly id: string };

/** One attempt that is over. */
export type Attempt = z.infer<typeof attemptSchema>;

/** A delivery and the version it was read at. */
export interface Found {
  readonly delivery: DeliveryRecord;
  readonly version: string;
}

type Store = Pick<Platform, 'records'>;

/** Makes the delivery, unless it is there already. */
export async function createDelivery(
  { records }: Store,
  account: string,
  id: string,
  what: Pick<DeliveryRecord, 'endpoint' | 'type' | 'at' | 'payload'>,
): Promise<void> {
  const record: DeliveryRecord = {
    ...what,
    state: 'pending',
    failure: null,
    attempts: 0,
    nextAt: what.at,
    sendingSince: null,
    endedAt: null,
    history: [],
  };
  await records.create(deliveryPath(account, id), record);
}

export async function readDelivery({ records }: Store, account: string, id: string): Promise<Found | undefined> {
  if (!idPattern('message').test(id)) return undefined;
  const snapshot = await records.get(deliveryPath(account, id));
  return snapshot && { delivery: readRecord(deliverySchema, snapshot.fields), version: snapshot.version };
}

/** Writes the delivery if it is still what was read; returns whether it did. */
export function replaceDelivery(
  { records }: Store,
  account: string,
  id: string,
  delivery: DeliveryRecord,
  version: string,
): Promise<boolean> {
  return records.replace(deliveryPath(account, id), delivery, version);
}

/** Whether a delivery that ended is to be deleted. */
export function isOutdated({ endedAt }: DeliveryRecord, now: number): boolean {
  return endedAt !== null && now >= endedAt + KEPT_MS;
}

export async function deleteDelivery({ records }: Store, account: string, id: string): Promise<void> {
  await records.delete(deliveryPath(account, id));
}

/** The message that looks at a delivery again, at `at`. */
export function deliverReminder(account: string, id: string, at: number): Reminder {
  return { at, topic: TOPICS.deliver, message: { version: 1, account, delivery: id }, id };
}

/** A reminder that may come when the delivery is not due yet, as clocks differ: then a little later. */
export async function remindLater(context: Store, account: string, id: string, nextAt: number): Promise<void> {
  await remind(context, deliverReminder(account, id, nextAt + SKEW_MS));
}

/** A reminder to delete a delivery that ends now. */
export async function remindToDelete(context: Store, account: string, id: string, endedAt: number): Promise<void> {
  await remind(context, deliverReminder(account, id, endedAt + KEPT_MS + SKEW_MS));
}

/** @throws NOT_FOUND */
export async function getDelivery(context: Store, account: string, id: string): Promise<Delivery> {
  const found = await readDelivery(context, account, id);
  if (!found) throw unknownDelivery();
  return { id, ...found.delivery };
}

export interface DeliveryQuery {
  /** The id after which to go on: `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  /** Only those of this endpoint. */
  readonly endpoint?: string | undefined;
}

export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  /** Where the next page begins; null if there is none. A page may be short, or empty, and yet have a next one. */
  readonly next: string | null;
}

/** Records looked at for one page, where only one endpoint's are asked for. */
const MOST_SCANNED = 500;

/** The account's deliveries, the newest event first. */
export async function listDeliveries(
  { records }: Store,
  account: string,
  { after = '', limit = 50, endpoint }: DeliveryQuery = {},
): Promise<DeliveryPage> {
  if (after !== '' && !idPattern('message').test(after)) throw unknownDelivery();
  const deliveries: Delivery[] = [];
  let scanned = 0;
  let last = after;
  // One more than is wanted says whether there is another page.
  const options = { after, limit: endpoint === undefined ? limit + 1 : MOST_SCANNED + 1 };
  for await (const { path, fields } of records.list(`accounts/${account}/deliveries`, options)) {
    if (deliveries.length === limit || scanned === MOST_SCANNED) return { deliveries, next: last };
    scanned += 1;
    last = path.slice(path.lastIndexOf('/') + 1);
    const delivery = readRecord(deliverySchema, fields);
    if (endpoint === undefined || delivery.endpoint === endpoint) deliveries.push({ id: last, ...delivery });
  }
  return { deliveries, next: null };
}

/**
 * Sends a delivery again, whether it failed, was delivered or still waits; one that is being sent is left alone. It
 * begins anew, with all attempts; those before stay in its history.
 * @throws NOT_FOUND; CONFLICT where its endpoint takes nothing
 */
export async function replay(
  context: Pick<Platform, 'records' | 'events' | 'clock'>,
  account: string,
  id: string,
): Promise<Delivery> {
  for (;;) {
    const found = await readDelivery(context, account, id);
    if (!found) throw unknownDelivery();
    const { delivery, version } = found;
    const endpoint = await findEndpoint(context, account, delivery.endpoint);
    if (!endpoint || endpoint.disabledAt !== null) throw takesNothing();
    const now = context.clock.now();
    if (delivery.sendingSince !== null && now < delivery.nextAt) return { id, ...delivery };
    const again: DeliveryRecord = {
      ...delivery,
      state: 'pending',
      failure: null,
      attempts: 0,
      nextAt: now,
      endedAt: null,
    };
    // Before the change, and again after it: a process that dies in between leaves a delivery that somebody looks at.
    await remindLater(context, account, id, now);
    if (!(await replaceDelivery(context, account, id, again, version))) continue;
    await context.events.publish(TOPICS.deliver, { version: 1, account, delivery: id });
    return { id, ...again };
  }
}

function deliveryPath(account: string, id: string): string {
  return `accounts/${account}/deliveries/${id}`;
}

function unknownDelivery(): RewoundError {
  return new RewoundError('NOT_FOUND', 'There is no such delivery.', {
    help: 'List the deliveries; they are kept for 30 days after they ended.',
  });
}

function takesNothing(): RewoundError {
  return new RewoundError('CONFLICT', 'The endpoint of this delivery is disabled or deleted.', {
    help: 'Enable the endpoint, then send the delivery again.',
  });
}
