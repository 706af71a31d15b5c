import { z } from 'zod';
import type { Context } from './context.ts';
import { keys } from './keys.ts';
import { textOf } from './once.ts';
import { parseStored } from './plan-file.ts';

/** `nomination.json`: how many people the samples named, and so whether fresh ones must confirm them. */
const nominationSchema = z.strictObject({ version: z.literal(1), named: z.int().min(0) });
export type Nomination = z.infer<typeof nominationSchema>;

/** Undefined before the samples are merged. */
export async function readNomination(context: Context, audit: string): Promise<Nomination | undefined> {
  const text = await textOf(context, keys.nomination(audit));
  return text === undefined ? undefined : parseStored(nominationSchema, text, 'The stored file nomination.json');
}
