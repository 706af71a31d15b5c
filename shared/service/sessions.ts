import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Platform } from '../platform/ports.ts';
import { authenticate, authenticateAgain, type Caller, hashOf, unauthenticated } from './api-keys.ts';
import { readDocument } from './documents.ts';
import { paths } from './paths.ts';
import { remindToForget } from './reminders.ts';

type Context = Pick<Platform, 'records' | 'clock'>;

/** Whoever signed in at the page; what the key may do, the session may do, until the key is revoked. */
const sessionSchema = z.object({ account: z.string(), key: z.string(), expiresAt: z.number() });

export const SESSION_MS = 12 * 3_600_000;

/** Starts a session for whoever has this key; returns what a cookie is to hold. Throws UNAUTHENTICATED. */
export async function signIn(context: Context, keyText: string): Promise<{ token: string; caller: Caller }> {
  const caller = await authenticate(context, keyText);
  const token = randomBytes(32).toString('base64url');
  const expiresAt = context.clock.now() + SESSION_MS;
  const path = paths.session(hashOf(token));
  await remindToForget(context, path, expiresAt);
  await context.records.create(path, { account: caller.account, key: caller.key, expiresAt });
  return { token, caller };
}

/** Whose session this is. Throws UNAUTHENTICATED. */
export async function callerOfSession(context: Context, token: string): Promise<Caller> {
  const session = await readDocument(context.records, paths.session(hashOf(token)), sessionSchema);
  if (!session || session.expiresAt <= context.clock.now()) throw unauthenticated();
  return authenticateAgain(context, session.account, session.key);
}

export async function signOut({ records }: Context, token: string): Promise<void> {
  await records.delete(paths.session(hashOf(token)));
}
