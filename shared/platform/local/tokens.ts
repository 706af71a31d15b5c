/** Makes and checks the tokens of upload addresses. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';

/** What a ticket grants: one object of this many bytes, until then, or until a record exists. */
const grantSchema = z.strictObject({
  key: z.string(),
  size: z.int().min(0),
  exp: z.number(),
  unless: z.string().optional(),
});
type Grant = z.infer<typeof grantSchema>;

/** Fewer bytes could be guessed. */
const LEAST_KEY = 32;

/** The grant and its HMAC-SHA256, both in base64url: nothing needs to be stored, and nothing can be changed. */
export function writeToken(tokenKey: Uint8Array, grant: Grant): string {
  const payload = Buffer.from(JSON.stringify(grant)).toString('base64url');
  return `${payload}.${seal(tokenKey, payload).toString('base64url')}`;
}

/** @throws SIGNATURE_INVALID for a token that was not made with this key, or whose time is over. */
export function readToken(tokenKey: Uint8Array, token: string, now: number): Grant {
  const [payload = '', signature = '', ...more] = token.split('.');
  const given = Buffer.from(signature, 'base64url');
  const right = seal(tokenKey, payload);
  if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) {
    throw invalid('The address of an upload is not one that was given out.');
  }
  const grant = grantSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  if (grant.exp <= now) throw invalid('The address of an upload has expired.');
  return grant;
}

function seal(tokenKey: Uint8Array, payload: string): Buffer {
  if (tokenKey.length < LEAST_KEY) throw new RangeError(`A key of tokens has ${LEAST_KEY} bytes.`);
  return createHmac('sha256', tokenKey).update(payload).digest();
}

function invalid(message: string): RewoundError {
  return new RewoundError('SIGNATURE_INVALID', message, { help: 'Ask for a new address and use it as it is.' });
}
