/** The schemas of what the API answers. */
import { z } from '@hono/zod-openapi';
import { STAGES } from '../../pipeline/base/stages.ts';
import type { Platform } from '../../platform/ports.ts';
import { verdictSchema } from '../../report/model.ts';
import { type Account, retentionSchema } from '../accounts/accounts.ts';
import { type KeyInfo, scopeSchema } from '../accounts/api-keys.ts';
import { HOSTED_STATES, type HostedAudit, newAuditSchema, ownSettingsSchema, stateOf } from '../audits/hosted-audit.ts';
import { type AuditProgress, progressOf } from '../audits/progress.ts';
import type { Balance } from '../billing/credits.ts';
import type { Entry } from '../billing/ledger/entry.ts';
import { BOOKS, KINDS } from '../billing/ledger/entry.ts';
import { idPattern } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { Delivery } from '../webhooks/deliveries.ts';
import type { Endpoint } from '../webhooks/endpoints.ts';
import { eventTypeSchema } from '../webhooks/event-types.ts';
import { endpointPublicKey } from '../webhooks/sign.ts';

/* What the API answers with. Times are ISO 8601 in UTC, money is whole credits. */

const EXAMPLE_TIME = '2026-11-23T09:30:00.000Z';
export const time = z.iso.datetime().openapi({ example: EXAMPLE_TIME });
const timeOrNull = (description: string) => z.iso.datetime().nullable().openapi({ description, example: EXAMPLE_TIME });
const credits = z.int();
const creditsOf = (description: string) => z.int().openapi({ description });

/** An id of one kind, with an example of it. */
const ID_EXAMPLES = {
  account: 'acc_7g0h3x9k2m4n5q6r',
  audit: 'aud_zyfw1m2c47g0h3x9k2m4n5q6r',
  key: 'key_3x9k2m4n5q6r7s8t',
  endpoint: 'end_9k2m4n5q6r7s8t0v',
  message: 'msg_zyfw1m2c49k2m4n5q6r7s8t0v',
} as const;
export function idSchema(kind: keyof typeof ID_EXAMPLES) {
  return z.string().regex(idPattern(kind)).openapi({ example: ID_EXAMPLES[kind] });
}

export const priceSchema = z
  .strictObject({
    credits: creditsOf('All of it. A credit is a US cent at the price of the smallest pack.'),
    items: z
      .array(
        z.strictObject({
          what: z.string().openapi({ example: 'samples' }),
          credits: creditsOf('Below 0 for what is taken off.'),
        }),
      )
      .openapi({ description: 'What it consists of; they sum to `credits`.' }),
  })
  .openapi('Price');

const progressSchema = z
  .strictObject({
    stages: z
      .array(
        z
          .strictObject({
            stage: z.enum(STAGES).openapi({
              description:
                'enrol: photos are embedded. probe: samples are made and searched. confirm: the same again, for whoever is named.',
            }),
            done: z.int().openapi({ description: 'Shards that are done.' }),
            shards: z.int().openapi({ description: 'Shards it is cut into.' }),
          })
          .openapi('StageProgress'),
      )
      .openapi({ description: 'Stages in their order.' }),
    samples: z
      .strictObject({ done: z.int(), of: z.int() })
      .openapi({ description: 'Samples made and searched so far, of all stages.' }),
    facesPerSecond: z.number().nullable().openapi({
      description: 'Samples a second since the present stage began; null where none is at work or nothing is done yet.',
    }),
    secondsLeft: z.number().nullable().openapi({ description: 'Of the present stage of samples, at this speed.' }),
  })
  .openapi('Progress');

/** The same as when they were given, with what stands where nothing was said. */
const { samples, seed, k, batch, pictures } = ownSettingsSchema.shape;
const auditSettingsSchema = ownSettingsSchema
  .extend({
    samples: decided(samples),
    seed: decided(seed),
    k: decided(k),
    batch: decided(batch),
    pictures: decided(pictures),
  })
  .meta({ id: 'AuditSettings' });

const auditErrorSchema = z
  .strictObject({
    code: z.string().openapi({ description: 'As in problem documents.', example: 'CHECKPOINT_UNSUPPORTED' }),
    message: z.string().openapi({ description: 'What is wrong.' }),
    help: z.string().openapi({ description: 'What to do about it.' }),
  })
  .openapi('AuditError');

const sideReadSchema = z
  .strictObject({
    people: z.int().openapi({ description: 'People that labels, tables or folders name; 0 where nothing does.' }),
    photos: z.int(),
    summary: z.string().openapi({
      description: 'How many people and photos there are, and how it was told who is in them.',
      example: '80 people, 576 photos (2 to 15 a person); one folder a person',
    }),
    passedOver: z.string().nullable().openapi({
      description: 'What was passed over, and why; null where nothing was.',
      example: 'passed over 9: 4 no picture, 5 hidden',
    }),
  })
  .openapi('SideRead');
const setReadSchema = z
  .strictObject({
    pictures: z.int().openapi({ description: 'Pictures in the set.' }),
    summary: z.string().openapi({ example: '1,500 pictures from a zip archive; they take the place of a generator' }),
    passedOver: z.union([z.string(), z.null()]).openapi({ description: 'What was passed over, and why.' }),
  })
  .openapi('SetRead');

export const auditSchema = z
  .strictObject({
    id: idSchema('audit'),
    label: z.string().nullable().openapi({ description: 'What its owner calls it.', example: 'Generator 3, epoch 40' }),
    state: z.enum(HOSTED_STATES).openapi({
      description:
        'CREATED: files may be uploaded. RECEIVED: started, and being read. ENROLLING, PROBING, MERGING, CONFIRMING: at work. ENDING: has ended, and is being settled. Final are DONE: there is a report. REJECTED: what was uploaded cannot be audited. FAILED: by our fault. CANCELLED: by its owner. EXPIRED: not started within a day, or not ended within a week.',
      example: 'PROBING',
    }),
    attestation: newAuditSchema.shape.attestation,
    settings: auditSettingsSchema,
    photos: z.int().openapi({ description: 'Photos that were announced and quoted.' }),
    names: z.boolean().openapi({ description: 'Whether people stand in the report by the names of their folders.' }),
    pseudonymKey: z.string().nullable().openapi({
      description:
        'Translates the pseudonyms of the report back: p- and the first 12 hexadecimal digits of HMAC-SHA256, under these 32 bytes, of members/NAME or controls/NAME. Null where people stand by name.',
      example: '4f1c6d7e8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    }),
    quote: priceSchema,
    charged: credits
      .nullable()
      .openapi({ description: 'Credits that were charged; null before the end.', example: 381 }),
    createdAt: time,
    startedAt: timeOrNull('Null before it was started.'),
    endedAt: timeOrNull('Null before it has ended.'),
    progress: z
      .union([progressSchema, z.null()])
      .openapi({ description: 'Null before it is planned and after its end.' }),
    read: z
      .union([
        z.strictObject({
          members: z.union([sideReadSchema, z.null()]),
          controls: z.union([sideReadSchema, z.null()]),
          pictures: z.union([setReadSchema, z.null()]),
        }),
        z.null(),
      ])
      .openapi({
        description:
          'How the photos of each side were read, and the pictures that take the place of a generator, if there are any; null before it is planned. Names no file and no person.',
      }),
    verdict: verdictSchema.nullable().meta({
      description:
        'Null where there is no report. LEAKAGE: members are found more often than controls, or somebody is named and confirmed. NOT_DETECTED: neither, which is no proof of safety. RESEMBLANCE_ONLY: there are no controls, so no claim. INVALID: a condition of a sound result failed.',
      example: 'NOT_DETECTED',
    }),
    error: z.union([auditErrorSchema, z.null()]).openapi({ description: 'Why it ended without a report; else null.' }),
    erasedAt: timeOrNull('When everything of it will be erased; null before its end.'),
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
    read: audit.planned?.read ?? null,
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
    id: idSchema('account'),
    name: z.string().openapi({ example: 'Acme Faces' }),
    createdAt: time,
    retention: z
      .strictObject({
        uploads: retentionSchema.shape.uploads.unwrap(),
        workDays: retentionSchema.shape.workDays.unwrap(),
        reportDays: retentionSchema.shape.reportDays.unwrap(),
      })
      .openapi('Retention'),
    lowCredits: creditsOf('The event credits.low says when fewer than these are available.'),
    credits: z
      .strictObject({
        available: creditsOf('For new audits.'),
        held: creditsOf('Set aside for audits that run.'),
        spent: creditsOf('Charged so far.'),
      })
      .openapi('Credits'),
    free: z
      .boolean()
      .openapi({ description: 'Whether credits cost nothing here, and are granted as they are needed.' }),
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

export const scopesSchema = z.array(
  scopeSchema.meta({
    id: 'Scope',
    description:
      'audits:read: quotes, audits and reports. audits:write: create, upload, start, cancel, erase. webhooks: endpoints and messages. billing: buying credits. account: changing the account. keys: making and revoking keys.',
  }),
);

export const keySchema = z
  .strictObject({
    id: idSchema('key'),
    name: z.string().openapi({ description: 'What its owner calls it.', example: 'build server' }),
    scopes: scopesSchema.openapi({ description: 'What it may do.', example: ['audits:read', 'audits:write'] }),
    createdAt: time,
    expiresAt: timeOrNull('When it ends by itself; null: when it is revoked.'),
    revokedAt: timeOrNull('Since when it opens nothing.'),
    lastUsedAt: timeOrNull('To the hour.'),
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
    seq: z.int().openapi({ description: 'Its number among the entries of the account, from 1 on.', example: 12 }),
    kind: z.enum(KINDS).openapi({
      description:
        'purchase: credits were bought. grant: credits were given. hold: an audit was started. capture: an audit was charged, the rest of its hold released. release: an audit cost nothing.',
    }),
    at: time,
    audit: idSchema('audit').nullable().openapi({ description: 'The audit it is for, where it is for one.' }),
    postings: z
      .array(
        z.strictObject({
          account: z.enum(BOOKS).openapi({ description: 'The book.' }),
          credits: creditsOf('Put in, or taken out if below 0.'),
        }),
      )
      .openapi({ description: 'What was moved between the books of the account; sums to 0.' }),
    available: creditsOf('Available credits afterwards.'),
    held: creditsOf('Held credits afterwards.'),
  })
  .openapi('LedgerEntry');

export function entryResource({ seq, kind, at, audit, postings, balances }: Entry): z.infer<typeof entrySchema> {
  const { available, held } = balances;
  return { seq, kind, at: iso(at), audit, postings: postings.map((posting) => ({ ...posting })), available, held };
}

export const endpointSchema = z
  .strictObject({
    id: idSchema('endpoint'),
    url: z.string().openapi({ example: 'https://example.com/webhooks/rewound' }),
    events: z.array(eventTypeSchema).openapi({ description: 'What it is told of.' }),
    description: z.string().openapi({ description: "The owner's own words." }),
    createdAt: time,
    disabledAt: timeOrNull('Since when nothing is sent to it.'),
    disabledReason: z
      .enum(['owner', 'gone', 'failing'])
      .nullable()
      .openapi({ description: 'owner: disabled by hand. gone: it answered 410. failing: it failed for days.' }),
    rotatedAt: timeOrNull('When its secret was last replaced; the former one signs for a day more.'),
    publicKey: z.string().openapi({
      description: "Verifies ed25519 signatures (v1a) of this endpoint's messages.",
      example: 'whpk_MCowBQYDK2VwAyEAtZ1m5z0wX3w4uQmY9b6kS1c2d3e4f5g6h7i8j9k0l1m=',
    }),
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
    id: idSchema('message').openapi({ description: 'The webhook-id of the message, the same at each attempt.' }),
    endpoint: idSchema('endpoint'),
    type: eventTypeSchema,
    at: time.openapi({ description: 'When it happened.' }),
    state: z.enum(['pending', 'delivered', 'failed']),
    failure: z.enum(['exhausted', 'gone', 'disabled', 'deleted']).nullable().openapi({
      description:
        'Why it failed: after the last attempt, or because the endpoint answered 410, was disabled or was deleted.',
    }),
    attempts: z.int(),
    nextAt: timeOrNull('When it is tried next; null once it has ended.'),
    history: z
      .array(
        z
          .strictObject({
            at: time,
            status: z.int().nullable().openapi({ description: 'What the endpoint answered; null if it did not.' }),
            reason: z.string().nullable().openapi({ description: 'What went wrong; null if nothing did.' }),
          })
          .openapi('DeliveryAttempt'),
      )
      .openapi({ description: 'The attempts so far.' }),
    payload: z.string().openapi({ description: 'The body that is sent, JSON as text.' }),
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
    receipt: z.string().openapi({
      description:
        'JSON as text: what was signed is these bytes. It holds the audit, erasedAt, the objects erased with their sizes, and the records.',
    }),
    signature: z.string().openapi({ description: 'ed25519 over the receipt, base64.' }),
    publicKey: z.string().openapi({
      description: "The service's key for receipts, base64; the same as at /v1/receipt-key.",
    }),
  })
  .openapi('SignedReceipt');

/** What has a default when it is asked for, as it is answered: always there. */
function decided<T extends z.ZodType>(schema: z.ZodDefault<T>): T {
  return schema.unwrap().meta(schema.meta() ?? {});
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
