/** The record of a hosted audit. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { freshSamples, settingsSchema } from '../../pipeline/planning/settings.ts';
import { auditOfUpload, isFinal, readAudit } from '../../pipeline/runs/run.ts';
import type { Platform } from '../../platform/ports.ts';
import { verdictSchema } from '../../report/model.ts';
import { readRecord } from '../../stored-record.ts';
import { retentionSchema } from '../accounts/accounts.ts';
import { type Price, quote, workOf } from '../billing/tariff.ts';
import { changeDocument, fieldsOf, idOf, readDocument } from '../core/documents.ts';
import { idPattern, newAuditId } from '../core/ids.ts';
import { paths } from '../core/paths.ts';
import { remindOfAudit } from '../core/reminders.ts';
import { plannedSchema } from './admission.ts';

/** What an audit's owner may decide about it: what `project.json` may say, but for what a service decides. */
const { samples, fresh, seed, k, batch, recognizer, card, allowFaceless } = settingsSchema.shape;
export const ownSettingsSchema = z.strictObject({
  samples: samples.describe('Samples to generate and search.'),
  fresh: fresh.describe(
    'Samples on which named people are confirmed, after all others; a fifth of `samples`, 2,000 to 10,000, by default.',
  ),
  seed: seed.describe('Seed of the first sample; also fixes every random choice of the statistics.'),
  k: k.describe('Nearest faces kept for each sample.'),
  batch: batch.describe('Samples generated at once. Arithmetic may depend on it.'),
  recognizer: recognizer.describe(
    'Cards of recognizers of your own, such as `recognizer/arcface.json`, or `built-in`, which is also the default. Each judges.',
  ),
  card: card.meta({
    id: 'CheckpointCard',
    description: 'What the checkpoint does not say of itself. Overrides the card that was uploaded beside it.',
  }),
  allowFaceless: allowFaceless.describe(
    'Whether the audit goes on where fewer than half of the first samples show a face. It ends as INVALID all the same.',
  ),
  pictures: z
    .boolean()
    .default(false)
    .describe('Whether the report holds pictures of samples and of the photos they match.'),
});

/** Characters of settings as JSON: they are part of the audit's record, and of every answer about it. */
const MOST_SETTINGS = 64 * 1024;
/** What people call no checkpoint; weights beside models are called what checkpoints are called too, such as .bin. */
const NO_CHECKPOINT = /\.(json|txt|md|csv)$/i;
/** Photos that one audit may have. */
const MOST_PHOTOS = 1_000_000;

export const newAuditSchema = z.strictObject({
  label: z.string().trim().min(1).max(200).optional().meta({
    description: 'What the owner calls it. Not the name of a person: it stands in messages.',
    example: 'Generator 3, epoch 40',
  }),
  attestation: z.enum(['owner', 'regulator']).meta({
    id: 'Attestation',
    description:
      "Who says that this audit may be made of these people. owner: whoever may lawfully use the training photos for it. regulator: an authority that tests a generator of somebody else's.",
    example: 'owner',
  }),
  photos: z.int().min(0).max(MOST_PHOTOS).meta({
    description: 'Photos that will be uploaded, of members, controls and placebo together; 0 for embeddings.',
    example: 2000,
  }),
  checkpoint: z
    .string()
    .min(1)
    .max(900)
    .refine((file) => !NO_CHECKPOINT.test(file), { message: 'a file of this kind is no checkpoint' })
    .optional()
    .meta({
      description:
        'Which file below checkpoints/ is the checkpoint. Needed only where another could be taken for it, such as weights that a model keeps in a file of their own.',
      example: 'generator.onnx',
    }),
  msPerSample: z.number().positive().max(600_000).optional().meta({
    description: 'Milliseconds a sample takes on an NVIDIA L4, with all recognizers, where known; 40 where not.',
    example: 20,
  }),
  names: z
    .boolean()
    .default(false)
    .describe(
      'Whether people stand in the report as their folders are called. Without, each stands under a pseudonym.',
    ),
  settings: ownSettingsSchema.meta({ id: 'NewAuditSettings' }).prefault({}),
});
export type NewAudit = z.infer<typeof newAuditSchema>;

const END_STATES = ['DONE', 'REJECTED', 'FAILED', 'CANCELLED', 'EXPIRED'] as const;
export type EndState = (typeof END_STATES)[number];

const errorSchema = z.object({ code: z.string(), message: z.string(), help: z.string() });
export type AuditError = z.infer<typeof errorSchema>;

const priceSchema = z.object({
  credits: z.int(),
  items: z.array(z.object({ what: z.string(), credits: z.int() })),
});

const hostedSchema = z.object({
  createdAt: z.number(),
  label: z.string().nullable(),
  attestation: newAuditSchema.shape.attestation,
  photos: z.int(),
  /** Below checkpoints/, where its owner said which. */
  checkpointFile: z.string().nullable(),
  msPerSample: z.number().nullable(),
  names: z.boolean(),
  settings: ownSettingsSchema,
  /** 32 bytes in hex, drawn for this audit; with it the owner translates pseudonyms back. */
  pseudonymKey: z.string(),
  quote: priceSchema,
  /** Whether the quote was held for money: a generator that is slower than quoted is then refused. */
  paid: z.boolean(),
  /** What addresses for uploads were given out for. */
  granted: z.object({ files: z.int(), bytes: z.int() }),
  startedAt: z.number().nullable(),
  /** The checkpoint's object, once it was started. */
  checkpoint: z.object({ key: z.string(), generation: z.string() }).nullable(),
  /** When its owner asked for it to stop. */
  cancelledAt: z.number().nullable(),
  /** What the pipeline planned, once that was heard of (`adopt.ts`). */
  planned: plannedSchema.nullable(),
  outcome: z
    .object({
      state: z.enum(END_STATES),
      at: z.number(),
      verdict: verdictSchema.nullable(),
      error: errorSchema.nullable(),
      /** Credits that were charged. */
      charged: z.int(),
      /** When the report, and all else, will be erased. */
      reportUntil: z.number(),
      /** What the account kept at that time, and how long: later changes are for later audits. */
      kept: retentionSchema.pick({ uploads: true, workDays: true }),
      /** The pipeline's own id, where it came so far: also of what was never planned. */
      run: z.string().optional(),
    })
    .nullable(),
});
/** A hosted audit: what its owner asked for, and what became of it. */
export type HostedAudit = z.infer<typeof hostedSchema>;

/** The one audit of the pipeline that is this one, once that is known. */
export function runOf({ planned, outcome }: HostedAudit): string | undefined {
  return planned?.run ?? outcome?.run;
}

/** The same where it has only begun: received by the pipeline, and not planned yet. */
export async function findRun({ records }: Pick<Platform, 'records'>, audit: HostedAudit): Promise<string | undefined> {
  const { checkpoint } = audit;
  return runOf(audit) ?? (checkpoint ? auditOfUpload({ records }, checkpoint.key, checkpoint.generation) : undefined);
}

type Context = Pick<Platform, 'records' | 'clock'>;

/** An audit that nobody starts goes after a day. */
const START_WITHIN_MS = 24 * 3_600_000;

/** The most that such an audit can cost. */
export function quoteOf({ photos, msPerSample, settings }: NewAudit): Price {
  return quote(workOf({ settings, photos }, { fresh: freshSamples(settings), msPerSample }));
}

/** Throws REQUEST_INVALID for settings that do not go together. */
export function checkSettings({ settings }: NewAudit): void {
  if (JSON.stringify(settings).length > MOST_SETTINGS) {
    throw new RewoundError('TOO_LARGE', `The settings have more than ${MOST_SETTINGS / 1024} KiB.`, {
      help: 'Upload a large card beside the checkpoint, as checkpoints/FILE.card.json.',
    });
  }
  const { success, error } = settingsSchema.safeParse(settings);
  if (success) return;
  const [issue] = error.issues;
  throw new RewoundError('REQUEST_INVALID', `settings.${issue?.path.join('.')}: ${issue?.message}.`, {
    help: 'Correct the settings and send the request again.',
  });
}

/** Makes an audit to upload for; nothing is charged or computed yet. */
export async function createAudit(
  context: Context,
  account: string,
  request: NewAudit,
  { paid }: { readonly paid: boolean },
): Promise<{ readonly id: string; readonly audit: HostedAudit }> {
  checkSettings(request);
  const now = context.clock.now();
  const id = newAuditId(now);
  const { label, attestation, photos, checkpoint, msPerSample, names, settings } = request;
  const { credits, items } = quoteOf(request);
  const audit: HostedAudit = {
    createdAt: now,
    label: label ?? null,
    attestation,
    photos,
    checkpointFile: checkpoint ?? null,
    msPerSample: msPerSample ?? null,
    names,
    settings,
    pseudonymKey: randomBytes(32).toString('hex'),
    quote: { credits, items: items.map(({ what, credits }) => ({ what, credits })) },
    paid,
    granted: { files: 0, bytes: 0 },
    startedAt: null,
    checkpoint: null,
    cancelledAt: null,
    planned: null,
    outcome: null,
  };
  // The reminder first: what nobody would look at again would be kept for good.
  await remindOfAudit(context, 'expire', { account, audit: id }, now + START_WITHIN_MS);
  await context.records.create(paths.audit(account, id), fieldsOf(audit));
  return { id, audit };
}

/** Throws NOT_FOUND, for what another account has as for what nobody has. */
export async function readHosted(
  { records }: Pick<Platform, 'records'>,
  account: string,
  id: string,
): Promise<HostedAudit> {
  const audit = idPattern('audit').test(id)
    ? await readDocument(records, paths.audit(account, id), hostedSchema)
    : undefined;
  return audit ?? missing();
}

/** The same where it may have been erased meanwhile. */
export async function findHosted(
  { records }: Pick<Platform, 'records'>,
  account: string,
  id: string,
): Promise<HostedAudit | undefined> {
  return readDocument(records, paths.audit(account, id), hostedSchema);
}

export async function changeHosted(
  { records }: Pick<Platform, 'records'>,
  account: string,
  id: string,
  next: (audit: HostedAudit) => HostedAudit | undefined,
): Promise<HostedAudit> {
  const changed = await changeDocument(records, paths.audit(account, id), hostedSchema, next);
  return changed ?? missing();
}

/** Audits of an account, the newest first; `after` is the last one's id of the page before. */
export async function listHosted(
  { records }: Pick<Platform, 'records'>,
  account: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ readonly id: string; readonly audit: HostedAudit }[]> {
  const found: { id: string; audit: HostedAudit }[] = [];
  const options = after === undefined ? { limit } : { after, limit };
  for await (const { path, fields } of records.list(paths.audits(account), options)) {
    found.push({ id: idOf(path), audit: readRecord(hostedSchema, fields) });
  }
  return found;
}

/** Where an audit stands: CREATED until it is started, then as the pipeline has it, ENDING until it is settled, then as it ended. */
export async function stateOf(
  context: Pick<Platform, 'records'>,
  { startedAt, planned, outcome }: HostedAudit,
): Promise<(typeof HOSTED_STATES)[number]> {
  if (outcome) return outcome.state;
  if (startedAt === null) return 'CREATED';
  const run = planned && (await readAudit(context, planned.run));
  if (!run) return 'RECEIVED';
  // There is no verdict and no charge yet.
  return isFinal(run.state) ? 'ENDING' : run.state;
}

export const HOSTED_STATES = [
  'CREATED',
  'RECEIVED',
  'ENROLLING',
  'PROBING',
  'MERGING',
  'CONFIRMING',
  'ENDING',
  ...END_STATES,
] as const;

function missing(): never {
  throw new RewoundError('NOT_FOUND', 'There is no such audit.', {
    help: 'List the audits of the account to see their ids; an audit that was deleted is gone.',
  });
}
