/** Starts, checks and ends sessions of the page. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { readDocument } from '../core/documents.ts';
import { paths } from '../core/paths.ts';
import { remindToForget } from '../core/reminders.ts';
import { authenticate, authenticateAgain, type Caller, hashOf, unauthenticated } from './api-keys.ts';
import { redeemCode } from './sign-in-codes.ts';

type Context = Pick<Platform, 'records' | 'clock'>;

/** Whoever signed in at the page; what the key may do, the session may do, until the key is revoked. */
const sessionSchema = z.object({ account: z.string(), key: z.string(), expiresAt: z.number() });

export const SESSION_MS = 12 * 3_600_000;

/** What a session is begun with: an API key, or a code that is good for one session. */
export type Credential = { readonly key: string } | { readonly code: string };

/** Starts a session; returns what a cookie is to hold. Throws UNAUTHENTICATED. */
export async function signIn(context: Context, credential: Credential): Promise<{ token: string; caller: Caller }> {
  const caller =
    'code' in credential ? await redeemCode(context, credential.code) : await authenticate(context, credential.key);
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

/** Ends every session, and every code that would begin one. */
export async function endSessions({ records }: Pick<Context, 'records'>): Promise<void> {
  for (const collection of [paths.signInCodes, paths.sessions]) {
    for await (const { path } of records.list(collection)) await records.delete(path);
  }
}

export async function signOut({ records }: Context, token: string): Promise<void> {
  await records.delete(paths.session(hashOf(token)));
}
