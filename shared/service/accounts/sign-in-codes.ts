/** Codes that begin one session and no more: what a link may hold in place of a key. */
import { z } from 'zod';
import type { Platform } from '../../platform/ports.ts';
import { readDocument } from '../core/documents.ts';
import { randomCharacters } from '../core/ids.ts';
import { paths } from '../core/paths.ts';
import { remindToForget } from '../core/reminders.ts';
import { authenticateAgain, type Caller, hashOf, keyOfCodes, unauthenticated } from './api-keys.ts';

type Context = Pick<Platform, 'records' | 'clock'>;

const codeSchema = z.object({ account: z.string(), key: z.string(), expiresAt: z.number() });

/**
 * A code stays in histories and scrollback, so it is worth nothing soon.
 * @internal
 */
export const CODE_MS = 10 * 60_000;
/** 160 random bits. */
const CODE_CHARACTERS = 32;

/** A code for an account, which must exist. Its text is returned this once; only its digest is kept. */
export async function makeCode(context: Context, account: string): Promise<string> {
  const key = await keyOfCodes(context, account);
  const code = `rwc_${randomCharacters(CODE_CHARACTERS)}`;
  const expiresAt = context.clock.now() + CODE_MS;
  await remindToForget(context, paths.signInCode(hashOf(code)), expiresAt);
  await context.records.create(paths.signInCode(hashOf(code)), { account, key, expiresAt });
  return code;
}

/**
 * Who a code is for. Of any number of calls with the same code exactly one gets an answer: the one that creates the
 * record of its use. A process that is killed after that has used up the code. Throws UNAUTHENTICATED.
 */
export async function redeemCode(context: Context, text: string): Promise<Caller> {
  const digest = hashOf(text);
  const code = await readDocument(context.records, paths.signInCode(digest), codeSchema);
  if (!code || code.expiresAt <= context.clock.now()) throw unauthenticated();
  // The agenda tells entries apart by the last part of the path.
  const use = paths.signInUse(hashOf(`use of ${digest}`));
  await remindToForget(context, use, code.expiresAt);
  if (!(await context.records.create(use, { at: context.clock.now() }))) throw unauthenticated();
  return authenticateAgain(context, code.account, code.key);
}
