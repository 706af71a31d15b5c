import { z } from '@hono/zod-openapi';
import { STAGES } from '../../pipeline/keys.ts';
import type { Platform } from '../../platform/ports.ts';
import { verdictSchema } from '../../report/model.ts';
import { type Account, retentionSchema } from '../accounts.ts';
import { type KeyInfo, scopeSchema } from '../api-keys.ts';
import { HOSTED_STATES, type HostedAudit, newAuditSchema, stateOf } from '../audits.ts';
import type { Balance } from '../credits.ts';
import type { Entry } from '../ledger/entry.ts';
import { BOOKS, KINDS } from '../ledger/entry.ts';
import { type AuditProgress, progressOf } from '../progress.ts';
import type { Secret } from '../secret.ts';
import type { Delivery } from '../webhooks/deliveries.ts';
import type { Endpoint } from '../webhooks/endpoints.ts';
import { EVENT_TYPES } from '../webhooks/event-types.ts';
import { endpointPublicKey } from '../webhooks/sign.ts';

/* What the API answers with. Times are ISO 8601 in UTC, money is whole credits. */

const time = z.iso.datetime().openapi({ example: '2026-11-23T09:30:00.000Z' });
const credits = z.int();

export const priceSchema = z
  .strictObject({ credits, items: z.array(z.strictObject({ what: z.string(), credits })) })
  .openapi('Price');

const progressSchema = z
  .strictObject({
    stages: z.array(z.strictObject({ stage: z.enum(STAGES), done: z.int(), shards: z.int() })),
    samples: z.strictObject({ done: z.int(), of: z.int() }),
    facesPerSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
  })
  .openapi('Progress');

export const auditSchema = z
  .strictObject({
    id: z.string().openapi({ example: 'aud_zytr8p7g0h3x9k2m4n5q6r7s8' }),
    label: z.string().nullable(),
    state: z.enum(HOSTED_STATES),
    attestation: newAuditSchema.shape.attestation,
    settings: newAuditSchema.shape.settings.unwrap(),
    photos: z.int(),
    names: z.boolean(),
    /** Translates the pseudonyms of the report back (docs/privacy.md); null where people stand by name. */
    pseudonymKey: z.string().nullable(),
    quote: priceSchema,
    /** Credits that were charged; null before the end. */
    charged: credits.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    /** Null before it is planned and after its end. */
    progress: progressSchema.nullable(),
    verdict: verdictSchema.nullable(),
    /** Why there is no result. */
    error: z.strictObject({ code: z.string(), message: z.string(), help: z.string() }).nullable(),
    /** When everything will be erased. */
    erasedAt: time.nullable(),
  })
  .openapi('Audit');
export type AuditResource = z.infer<typeof auditSchema>;

export async function auditResource(
  context: Pick<Platform, 'records' | 'clock'>,
  id: string,
  audit: HostedAudit,
): Promise<AuditResource> {
  const { outcome, startedAt, createdAt, names, pseudonymKey, quote } = audit;
  const [state, progress] = await Promise.all([stateOf(context, audit), progressOf(context, audit)]);
  return {
    id,
    label: audit.label,
    state,
    attestation: audit.attestation,
    settings: audit.settings,
    photos: audit.photos,
    names,
    pseudonymKey: names ? null : pseudonymKey,
    quote,
    charged: outcome?.charged ?? null,
    createdAt: iso(createdAt),
    startedAt: isoOrNull(startedAt),
    endedAt: isoOrNull(outcome?.at ?? null),
    progress: progress ? shown(progress) : null,
    verdict: outcome?.verdict ?? null,
    error: outcome?.error ?? null,
    erasedAt: isoOrNull(outcome?.reportUntil ?? null),
  };
}

/** Numbers as long as they mean something. */
function shown({ stages, samples, facesPerSecond, secondsLeft }: AuditProgress): z.infer<typeof progressSchema> {
  return {
    stages: stages.map((stage) => ({ ...stage })),
    samples: { ...samples },
    facesPerSecond: facesPerSecond === null ? null : Number(facesPerSecond.toPrecision(3)),
    secondsLeft: secondsLeft === null ? null : Math.ceil(secondsLeft),
  };
}

export const accountSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    createdAt: time,
    retention: retentionSchema,
    lowCredits: credits,
    credits: z.strictObject({ available: credits, held: credits, spent: credits }),
    /** Whether credits cost nothing here. */
    free: z.boolean(),
  })
  .openapi('Account');

export function accountResource(
  id: string,
  { name, createdAt, retention, lowCredits }: Account,
  { available, held, spent }: Balance,
  free: boolean,
): z.infer<typeof accountSchema> {
  return { id, name, createdAt: iso(createdAt), retention, lowCredits, credits: { available, held, spent }, free };
}

export const keySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    createdAt: time,
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
    /** To the hour. */
    lastUsedAt: time.nullable(),
  })
  .openapi('Key');

export function keyResource({ id, name, scopes, createdAt, ...times }: KeyInfo): z.infer<typeof keySchema> {
  return {
    id,
    name,
    scopes,
    createdAt: iso(createdAt),
    expiresAt: isoOrNull(times.expiresAt),
    revokedAt: isoOrNull(times.revokedAt),
    lastUsedAt: isoOrNull(times.lastUsedAt),
  };
}

export const entrySchema = z
  .strictObject({
    seq: z.int(),
    kind: z.enum(KINDS),
    at: time,
    audit: z.string().nullable(),
    /** What was moved between the books of the account; sums to 0. */
    postings: z.array(z.strictObject({ account: z.enum(BOOKS), credits })),
    /** Afterwards. */
    available: credits,
    held: credits,
  })
  .openapi('LedgerEntry');

export function entryResource({ seq, kind, at, audit, postings, balances }: Entry): z.infer<typeof entrySchema> {
  const { available, held } = balances;
  return { seq, kind, at: iso(at), audit, postings: postings.map((posting) => ({ ...posting })), available, held };
}

export const endpointSchema = z
  .strictObject({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(EVENT_TYPES)),
    description: z.string(),
    createdAt: time,
    disabledAt: time.nullable(),
    /** owner: disabled by hand. gone: it answered 410. failing: it failed for days. */
    disabledReason: z.enum(['owner', 'gone', 'failing']).nullable(),
    rotatedAt: time.nullable(),
    /** Verifies ed25519 signatures (v1a) of this endpoint's messages. */
    publicKey: z.string().openapi({ example: 'whpk_MCowBQYDK2VwAyEA...' }),
  })
  .openapi('Endpoint');

export function endpointResource(secret: Secret, endpoint: Endpoint): z.infer<typeof endpointSchema> {
  const { id, url, events, description, createdAt, disabledAt, disabledReason, rotatedAt } = endpoint;
  return {
    id,
    url,
    events,
    description,
    createdAt: iso(createdAt),
    disabledAt: isoOrNull(disabledAt),
    disabledReason,
    rotatedAt: isoOrNull(rotatedAt),
    publicKey: endpointPublicKey(secret, endpoint),
  };
}

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    endpoint: z.string(),
    type: z.enum(EVENT_TYPES),
    at: time,
    state: z.enum(['pending', 'delivered', 'failed']),
    failure: z.enum(['exhausted', 'gone', 'disabled', 'deleted']).nullable(),
    attempts: z.int(),
    /** When it is tried next; null once it has ended. */
    nextAt: time.nullable(),
    history: z.array(z.strictObject({ at: time, status: z.int().nullable(), reason: z.string().nullable() })),
    /** The body that is sent, JSON as text. */
    payload: z.string(),
  })
  .openapi('Delivery');

export function deliveryResource(delivery: Delivery): z.infer<typeof deliverySchema> {
  const { id, endpoint, type, at, state, failure, attempts, nextAt, history, payload } = delivery;
  return {
    id,
    endpoint,
    type,
    at: iso(at),
    state,
    failure,
    attempts,
    nextAt: state === 'pending' ? iso(nextAt) : null,
    history: history.map(({ at, status, reason }) => ({ at: iso(at), status, reason })),
    payload,
  };
}

export const receiptSchema = z
  .strictObject({
    /** The receipt, JSON as text: what was signed is these bytes. */
    receipt: z.string(),
    /** ed25519, base64. */
    signature: z.string(),
    /** The service's key for receipts, base64; the same as at /v1/receipt-key. */
    publicKey: z.string(),
  })
  .openapi('SignedReceipt');

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
