/** Remembers who was named before fresh samples are made. */
import { z } from 'zod';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { readJson } from '../base/sealed-json.ts';

/** `nomination.json`: how many people the samples named, and so whether fresh ones must confirm them. */
const nominationSchema = z.strictObject({ version: z.literal(1), named: z.int().min(0) });
export type Nomination = z.infer<typeof nominationSchema>;

/** Undefined before the samples are merged. Throws RESULT_DAMAGED. */
export async function readNomination(context: Context, audit: string): Promise<Nomination | undefined> {
  const key = keys.nomination(audit);
  return (await context.objects.head(key)) && readJson(context, key, nominationSchema);
}
