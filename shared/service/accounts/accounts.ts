/** The record of an account. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';
import { changeDocument, readDocument } from '../core/documents.ts';
import { newId } from '../core/ids.ts';
import { paths } from '../core/paths.ts';

/** How long what an audit leaves is kept. */
export const retentionSchema = z.strictObject({
  uploads: z
    .enum(['end', 'report'])
    .meta({
      id: 'UploadsKept',
      description:
        'How long uploaded files and their embeddings are kept. end: until the audit has ended. report: as long as its report.',
    })
    .default('end'),
  workDays: z
    .int()
    .min(0)
    .max(14)
    .meta({ description: "Days after an audit's end that what it worked with is kept.", example: 1 })
    .default(1),
  reportDays: z
    .int()
    .min(1)
    .max(3650)
    .meta({
      description: "Days after an audit's end that its report is kept; then nothing is left of it.",
      example: 90,
    })
    .default(90),
});
export type Retention = z.infer<typeof retentionSchema>;

const accountSchema = z.object({
  name: z.string(),
  createdAt: z.number(),
  retention: retentionSchema,
  /** `credits.low` is announced when fewer credits than these are left. */
  lowCredits: z.int(),
});
export type Account = z.infer<typeof accountSchema>;

/** What its owner may change. */
export const accountChangeSchema = z.strictObject({
  name: z.string().trim().min(1).max(100).optional(),
  retention: z
    .strictObject({
      uploads: retentionSchema.shape.uploads.unwrap().optional(),
      workDays: retentionSchema.shape.workDays.unwrap().optional(),
      reportDays: retentionSchema.shape.reportDays.unwrap().optional(),
    })
    .optional(),
  lowCredits: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .meta({ description: 'credits.low is announced when fewer are available.', example: 500 }),
});
export type AccountChange = z.infer<typeof accountChangeSchema>;

const LOW_CREDITS = 500;

/** Makes an account without keys and credits, unless it is there; returns its id. */
export async function createAccount(
  { records, clock }: Pick<Platform, 'records' | 'clock'>,
  name: string,
  id = newId('account'),
): Promise<string> {
  const account: Account = {
    name,
    createdAt: clock.now(),
    retention: retentionSchema.parse({}),
    lowCredits: LOW_CREDITS,
  };
  await records.create(paths.account(id), account);
  return id;
}

/** Throws NOT_FOUND where an account was closed meanwhile. */
export async function readAccount({ records }: Pick<Platform, 'records'>, account: string): Promise<Account> {
  return (await readDocument(records, paths.account(account), accountSchema)) ?? missing();
}

export async function changeAccount(
  { records }: Pick<Platform, 'records'>,
  account: string,
  { name, retention, lowCredits }: AccountChange,
): Promise<Account> {
  const changed = await changeDocument(records, paths.account(account), accountSchema, (current) => ({
    ...current,
    name: name ?? current.name,
    lowCredits: lowCredits ?? current.lowCredits,
    retention: retentionSchema.parse({ ...current.retention, ...retention }),
  }));
  return changed ?? missing();
}

function missing(): never {
  throw new RewoundError('NOT_FOUND', 'There is no such account.', { help: 'It may have been closed.' });
}
