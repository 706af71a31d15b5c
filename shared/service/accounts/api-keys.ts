/** Makes, checks and revokes API keys. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';
import { readRecord } from '../../stored-record.ts';
import { changeDocument, idOf, readDocument } from '../core/documents.ts';
import { idPattern, newId, randomCharacters } from '../core/ids.ts';
import { paths } from '../core/paths.ts';

/** What a key may do. Reading credits and the account goes with every key. */
export const SCOPES = ['audits:read', 'audits:write', 'webhooks', 'billing', 'account', 'keys'] as const;
export const scopeSchema = z.enum(SCOPES);
export type Scope = z.infer<typeof scopeSchema>;

const keySchema = z.object({
  name: z.string(),
  scopes: z.array(scopeSchema),
  /** SHA-256 of the key's text: it has 160 random bits, which no search finds. */
  hash: z.string(),
  createdAt: z.number(),
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
  /** Whether sessions of sign-in codes hang on it, and its text was never shown to anyone. */
  codes: z.boolean().default(false),
});
type KeyRecord = z.infer<typeof keySchema>;

/** A key without what makes it one. */
export type KeyInfo = Omit<KeyRecord, 'hash'> & { readonly id: string };

/** Who makes a request. */
export interface Caller {
  readonly account: string;
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** When the key ends by itself, if it does. */
  readonly expiresAt: number | null;
}

type Context = Pick<Platform, 'records' | 'clock'>;

/** `rwk`, the account, the key, and what only its owner knows: found in a leaked file by anybody who looks for it. */
const KEY_TEXT = /^rwk_([0-9a-z]{16})_([0-9a-z]{16})_[0-9a-z]{32}$/;
const SECRET_CHARACTERS = 32;
const MOST_KEYS = 100;
/** A key's last use is noted no more often. */
const NOTED_MS = 3_600_000;

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch, or null: until it is revoked. */
  readonly expiresAt: number | null;
}

/** Makes a key. Its text is returned this once and kept nowhere. */
export async function createKey(
  { records, clock }: Context,
  account: string,
  { name, scopes, expiresAt }: NewKey,
): Promise<{ readonly key: KeyInfo; readonly text: string }> {
  if ((await records.count(paths.keys(account))) >= MOST_KEYS) await makeRoom({ records, clock }, account);
  const id = newId('key');
  const text = textOf(account, id, randomCharacters(SECRET_CHARACTERS));
  const record = recordOf(text, { name, scopes, expiresAt }, clock.now());
  await records.create(paths.key(account, id), record);
  return { key: withoutHash(id, record), text };
}

/** Drops the keys that open nothing any more. Throws CONFLICT where there are none. */
async function makeRoom({ records, clock }: Context, account: string): Promise<void> {
  const closed: string[] = [];
  let open = 0;
  for await (const { path, fields } of records.list(paths.keys(account))) {
    const key = readRecord(keySchema, fields);
    if (!isOpen(key, clock.now())) closed.push(path);
    else if (!key.codes) open += 1;
  }
  if (open >= MOST_KEYS) {
    throw new RewoundError('CONFLICT', `The account has ${MOST_KEYS} keys, which is the most there may be.`, {
      help: 'Revoke keys that are no longer used.',
    });
  }
  for (const path of closed) await records.delete(path);
}

/**
 * The key that sessions of sign-in codes hang on, by its id: listed and revoked like the others, so that revoking it ends
 * these sessions. Its text is thrown away here; the next code after it was revoked gets another key.
 */
export async function keyOfCodes({ records, clock }: Context, account: string): Promise<string> {
  for await (const { path, fields } of records.list(paths.keys(account))) {
    const key = readRecord(keySchema, fields);
    if (key.codes && isOpen(key, clock.now())) return idOf(path);
  }
  const id = newId('key');
  const text = textOf(account, id, randomCharacters(SECRET_CHARACTERS));
  const record = recordOf(text, { name: 'sign-in codes', scopes: SCOPES, expiresAt: null }, clock.now());
  await records.create(paths.key(account, id), { ...record, codes: true });
  return id;
}

/** Revokes the keys of an account that `which` says; all of them where it is not given. Returns how many it revoked. */
export async function revokeKeys(
  context: Context,
  account: string,
  which: (key: KeyInfo) => boolean = () => true,
): Promise<number> {
  const open = (await listKeys(context, account)).filter((key) => key.revokedAt === null && which(key));
  for (const { id } of open) await revokeKey(context, account, id);
  return open.length;
}

function textOf(account: string, id: string, secret: string): string {
  return `rwk_${bare(account)}_${bare(id)}_${secret}`;
}

function recordOf(text: string, { name, scopes, expiresAt }: NewKey, now: number): KeyRecord {
  const hash = hashOf(text);
  return {
    name,
    scopes: [...scopes],
    hash,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
    codes: false,
  };
}

/** Whose key this is. Throws UNAUTHENTICATED, in the same words whatever is wrong with it. */
export async function authenticate(context: Context, text: string): Promise<Caller> {
  const [, accountPart, keyPart] = KEY_TEXT.exec(text) ?? [];
  if (accountPart === undefined || keyPart === undefined) throw unauthenticated();
  const account = `acc_${accountPart}`;
  const key = `key_${keyPart}`;
  if (!idPattern('account').test(account) || !idPattern('key').test(key)) throw unauthenticated();
  const record = await readDocument(context.records, paths.key(account, key), keySchema);
  if (!record || !isSame(record.hash, hashOf(text))) throw unauthenticated();
  return useKey(context, account, key, record);
}

/** The same for somebody who showed the key before, and has a session since. */
export async function authenticateAgain(context: Context, account: string, key: string): Promise<Caller> {
  const record = await readDocument(context.records, paths.key(account, key), keySchema);
  if (!record) throw unauthenticated();
  return useKey(context, account, key, record);
}

/** Whether who was let in would be let in still: for what goes on for a while. */
export async function isStillValid({ records, clock }: Context, { account, key }: Caller): Promise<boolean> {
  const record = await readDocument(records, paths.key(account, key), keySchema);
  return record !== undefined && isOpen(record, clock.now());
}

function isOpen({ revokedAt, expiresAt }: KeyRecord, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}

async function useKey(context: Context, account: string, key: string, record: KeyRecord): Promise<Caller> {
  const now = context.clock.now();
  if (!isOpen(record, now)) throw unauthenticated();
  if (record.lastUsedAt === null || now - record.lastUsedAt >= NOTED_MS) {
    await changeDocument(context.records, paths.key(account, key), keySchema, (current) =>
      current.lastUsedAt !== null && current.lastUsedAt >= now ? undefined : { ...current, lastUsedAt: now },
    );
  }
  return { account, key, scopes: record.scopes, expiresAt: record.expiresAt };
}

/** All keys of an account, revoked ones too. */
export async function listKeys({ records }: Pick<Context, 'records'>, account: string): Promise<KeyInfo[]> {
  const keys: KeyInfo[] = [];
  for await (const { path, fields } of records.list(paths.keys(account))) {
    keys.push(withoutHash(idOf(path), readRecord(keySchema, fields)));
  }
  return keys.sort((a, b) => b.createdAt - a.createdAt);
}

/** From now on the key opens nothing; it stays in the list. Throws NOT_FOUND. */
export async function revokeKey({ records, clock }: Context, account: string, key: string): Promise<KeyInfo> {
  const record = await changeDocument(records, paths.key(account, key), keySchema, (current) =>
    current.revokedAt === null ? { ...current, revokedAt: clock.now() } : undefined,
  );
  if (record) return withoutHash(key, record);
  throw new RewoundError('NOT_FOUND', 'There is no such key.', { help: 'List the keys to see their ids.' });
}

/** Throws FORBIDDEN unless the caller may do this. */
export function requireScope({ scopes }: Pick<Caller, 'scopes'>, scope: Scope): void {
  if (scopes.includes(scope)) return;
  throw new RewoundError('FORBIDDEN', `The API key lacks the scope "${scope}".`, {
    help: 'Use a key that has it, or make one with a key that has the scope "keys".',
  });
}

/** When a key that is asked for is to end: no later than the one that makes it. Throws FORBIDDEN. */
export function endOf(asked: number | undefined, { expiresAt }: Pick<Caller, 'expiresAt'>): number | null {
  if (asked === undefined || expiresAt === null || asked <= expiresAt) return asked ?? expiresAt;
  throw new RewoundError('FORBIDDEN', 'The key would outlive the one that makes it.', {
    help: 'Give an expiresAt that is no later than that of the key you use, or use a key that stays longer.',
  });
}

export function unauthenticated(): RewoundError {
  return new RewoundError('UNAUTHENTICATED', 'There is no valid API key or session with this request.', {
    help: 'Send the header "Authorization: Bearer rwk_..." with a key that is neither revoked nor expired.',
  });
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function withoutHash(id: string, { hash: _hash, ...record }: KeyRecord): KeyInfo {
  return { id, ...record };
}

function bare(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
