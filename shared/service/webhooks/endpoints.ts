/** The record of an endpoint. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { changeDocument } from '../core/documents.ts';
import { idPattern, newId } from '../core/ids.ts';
import { EVENT_TYPES, eventTypeSchema } from './event-types.ts';
import { checkEndpoint, type Guard } from './guard.ts';

/**
 * Endpoints of an account, so that an event does not become hundreds of requests.
 * @internal
 */
export const MOST_ENDPOINTS = 20;
const MOST_DESCRIPTION = 500;

/** Why nothing is sent to an endpoint: its owner said so, it answered 410, or it failed for days. */
const DISABLED = ['owner', 'gone', 'failing'] as const;

const recordSchema = z.object({
  url: z.string(),
  events: z.array(z.enum(EVENT_TYPES)),
  description: z.string(),
  createdAt: z.number(),
  disabledAt: z.number().nullable(),
  disabledReason: z.enum(DISABLED).nullable(),
  /** The secret is derived from the endpoint's id and this number, and kept nowhere. */
  secretVersion: z.int().min(1),
  /** When the secret was last replaced: the former still signs for a day. */
  rotatedAt: z.number().nullable(),
  /** When the first attempt failed of those since the last that did not. */
  failingSince: z.number().nullable(),
});
type EndpointRecord = z.infer<typeof recordSchema>;
export type Endpoint = EndpointRecord & { readonly id: string };

/** What an owner says of an endpoint. */
export const endpointInputSchema = z.strictObject({
  url: z.string().min(1).max(2048).meta({
    description: 'Where messages are posted to: https, at a public address.',
    example: 'https://example.com/webhooks/rewound',
  }),
  events: z
    .array(eventTypeSchema)
    .min(1)
    .max(EVENT_TYPES.length)
    .transform((events) => EVENT_TYPES.filter((type) => events.includes(type)))
    .meta({ description: 'What it is told of.', example: ['audit.finished', 'audit.failed'] }),
  description: z.string().max(MOST_DESCRIPTION).default('').describe("The owner's own words."),
});
export type EndpointInput = z.infer<typeof endpointInputSchema>;

/** What an owner may change: whatever is not given stays. */
export interface EndpointChange {
  readonly url?: string | undefined;
  readonly events?: EndpointInput['events'] | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
}

type Store = Pick<Platform, 'records'>;
type Writer = Pick<Platform, 'records' | 'clock'>;

/** @throws ENDPOINT_REFUSED, CONFLICT where the account has as many as it may */
export async function createEndpoint(
  context: Writer & Guard,
  account: string,
  { url, events, description }: EndpointInput,
): Promise<Endpoint> {
  if ((await context.records.count(endpointsPath(account))) >= MOST_ENDPOINTS) throw tooMany();
  const id = newId('endpoint');
  const record: EndpointRecord = {
    url: await checkEndpoint(url, context),
    events,
    description,
    createdAt: context.clock.now(),
    disabledAt: null,
    disabledReason: null,
    secretVersion: 1,
    rotatedAt: null,
    failingSince: null,
  };
  await context.records.create(endpointPath(account, id), record);
  // Several at the same time: each of them counts itself.
  if ((await context.records.count(endpointsPath(account))) > MOST_ENDPOINTS) {
    await context.records.delete(endpointPath(account, id));
    throw tooMany();
  }
  return { id, ...record };
}

/** All of an account. */
export async function listEndpoints({ records }: Store, account: string): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for await (const { path, fields } of records.list(endpointsPath(account))) {
    endpoints.push({ id: path.slice(path.lastIndexOf('/') + 1), ...readRecord(recordSchema, fields) });
  }
  return endpoints;
}

/** The endpoint, or undefined if the account has none of this id. */
export async function findEndpoint({ records }: Store, account: string, id: string): Promise<Endpoint | undefined> {
  if (!idPattern('endpoint').test(id)) return undefined;
  const snapshot = await records.get(endpointPath(account, id));
  return snapshot && { id, ...readRecord(recordSchema, snapshot.fields) };
}

/** @throws NOT_FOUND */
export async function getEndpoint(context: Store, account: string, id: string): Promise<Endpoint> {
  const endpoint = await findEndpoint(context, account, id);
  if (!endpoint) throw unknownEndpoint();
  return endpoint;
}

/**
 * One that goes somewhere else, or is enabled again, starts anew.
 * @throws NOT_FOUND, ENDPOINT_REFUSED
 */
export async function updateEndpoint(
  context: Writer & Guard,
  account: string,
  id: string,
  change: EndpointChange,
): Promise<Endpoint> {
  const url = change.url === undefined ? undefined : await checkEndpoint(change.url, context);
  const now = context.clock.now();
  return changeEndpoint(context, account, id, (endpoint) => {
    const moved = url !== undefined && url !== endpoint.url;
    const changed = {
      ...endpoint,
      url: url ?? endpoint.url,
      events: change.events ?? endpoint.events,
      description: change.description ?? endpoint.description,
      failingSince: moved ? null : endpoint.failingSince,
    };
    if (change.enabled === true) return { ...changed, disabledAt: null, disabledReason: null, failingSince: null };
    if (change.enabled === false && endpoint.disabledAt === null) {
      return { ...changed, disabledAt: now, disabledReason: 'owner' };
    }
    return changed;
  });
}

/** A new secret; the former signs beside it for a day. @throws NOT_FOUND */
export async function rotateSecret(context: Writer, account: string, id: string): Promise<Endpoint> {
  const rotatedAt = context.clock.now();
  return changeEndpoint(context, account, id, (endpoint) => ({
    ...endpoint,
    secretVersion: endpoint.secretVersion + 1,
    rotatedAt,
  }));
}

/** Deliveries that wait for it fail at their next attempt. @throws NOT_FOUND */
export async function deleteEndpoint(context: Store, account: string, id: string): Promise<void> {
  await getEndpoint(context, account, id);
  await context.records.delete(endpointPath(account, id));
}

/** Stops sending to an endpoint that no longer wants or takes it. */
export async function disableEndpoint(
  context: Writer,
  account: string,
  id: string,
  disabledReason: 'gone' | 'failing',
): Promise<void> {
  const disabledAt = context.clock.now();
  await changeIfThere(context, account, id, (endpoint) =>
    endpoint.disabledAt === null ? { ...endpoint, disabledAt, disabledReason } : undefined,
  );
}

/** Keeps since when an endpoint fails. Written only where that begins or ends, as every attempt comes here. */
export async function noteHealth(
  context: Writer,
  account: string,
  { id, failingSince }: Endpoint,
  healthy: boolean,
): Promise<void> {
  if (healthy === (failingSince === null)) return;
  const now = context.clock.now();
  await changeIfThere(context, account, id, (endpoint) => {
    if (healthy === (endpoint.failingSince === null)) return undefined;
    return { ...endpoint, failingSince: healthy ? null : now };
  });
}

async function changeEndpoint(
  context: Store,
  account: string,
  id: string,
  next: (endpoint: EndpointRecord) => EndpointRecord,
): Promise<Endpoint> {
  const changed = await changeIfThere(context, account, id, next);
  if (!changed) throw unknownEndpoint();
  return changed;
}

/** The endpoint as it is afterwards; undefined if there is none. `next` gives undefined where nothing is to change. */
async function changeIfThere(
  { records }: Store,
  account: string,
  id: string,
  next: (endpoint: EndpointRecord) => EndpointRecord | undefined,
): Promise<Endpoint | undefined> {
  if (!idPattern('endpoint').test(id)) return undefined;
  const endpoint = await changeDocument(records, endpointPath(account, id), recordSchema, next);
  return endpoint && { id, ...endpoint };
}

function endpointsPath(account: string): string {
  return `accounts/${account}/endpoints`;
}

function endpointPath(account: string, id: string): string {
  return `${endpointsPath(account)}/${id}`;
}

function unknownEndpoint(): RewoundError {
  return new RewoundError('NOT_FOUND', 'There is no such webhook endpoint.', {
    help: 'List the endpoints of the account; it may have been deleted.',
  });
}

function tooMany(): RewoundError {
  return new RewoundError('CONFLICT', `An account has at most ${MOST_ENDPOINTS} webhook endpoints.`, {
    help: 'Delete one that is no longer used.',
  });
}
