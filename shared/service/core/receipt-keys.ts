/** The public keys that receipts were ever signed with: one that a service gave out must stay verifiable. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { paths } from './paths.ts';
import { type Secret, signingKey } from './secret.ts';

type Store = Pick<Platform, 'records'>;

const receiptKeySchema = z.object({
  /** The 32 bytes of the ed25519 key, base64. */
  publicKey: z.string(),
  /** When it was first used, as far as the service has written it down. */
  since: z.number(),
});

/** A key that signs no more. */
export interface FormerKey {
  readonly publicKey: string;
  /** When another key took its place, in milliseconds since the epoch. */
  readonly until: number;
}

export function receiptKeyOf(secret: Secret): string {
  return signingKey(secret, 'receipts').publicBytes.toString('base64');
}

/** Writes down the key, unless it was before. */
export async function noteReceiptKey(context: Pick<Platform, 'records' | 'clock'>, publicKey: string): Promise<void> {
  await context.records.create(paths.receiptKey(digestOf(publicKey)), { publicKey, since: context.clock.now() });
}

/** Whether this key was written down, and whether any was. */
export async function knowsReceiptKey({ records }: Store, publicKey: string): Promise<{ own: boolean; any: boolean }> {
  const own = (await records.get(paths.receiptKey(digestOf(publicKey)))) !== undefined;
  return { own, any: own || (await records.count(paths.receiptKeys)) > 0 };
}

/** All keys but this one that signed before, the latest first. */
export async function formerReceiptKeys({ records }: Store, current: string): Promise<FormerKey[]> {
  const keys: z.infer<typeof receiptKeySchema>[] = [];
  for await (const { fields } of records.list(paths.receiptKeys)) keys.push(readRecord(receiptKeySchema, fields));
  keys.sort((a, b) => a.since - b.since);
  return keys
    .flatMap(({ publicKey }, at) => {
      const next = keys[at + 1];
      return publicKey === current || next === undefined ? [] : [{ publicKey, until: next.since }];
    })
    .reverse();
}

function digestOf(publicKey: string): string {
  return createHash('sha256').update(publicKey).digest('hex');
}
