/** Makes ids that cannot be guessed. */
import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base32 in small letters: no vowels that make words, no letters taken for digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Characters of an id that cannot be guessed: 80 bits. */
const RANDOM_CHARACTERS = 16;
/** Characters for a time in milliseconds: until the year 3084. */
const TIME_CHARACTERS = 9;
const LAST_TIME = 2 ** (5 * TIME_CHARACTERS) - 1;

/** What an id is of, and how it begins. */
const PREFIXES = { account: 'acc', audit: 'aud', key: 'key', endpoint: 'end' } as const;
export type IdKind = keyof typeof PREFIXES;

/** An id that nobody can guess. */
export function newId(kind: Exclude<IdKind, 'audit'>): string {
  return `${PREFIXES[kind]}_${randomCharacters(RANDOM_CHARACTERS)}`;
}

/** The same for an audit; stores list by id in ascending order, and so the newest first. */
export function newAuditId(now: number): string {
  return `${PREFIXES.audit}_${base32(LAST_TIME - Math.floor(now), TIME_CHARACTERS)}${randomCharacters(RANDOM_CHARACTERS)}`;
}

/** When an audit of this id was made, in milliseconds since the epoch. */
export function timeOfAudit(id: string): number {
  const digits = id.slice(PREFIXES.audit.length + 1).slice(0, TIME_CHARACTERS);
  return LAST_TIME - [...digits].reduce((value, digit) => value * 32 + ALPHABET.indexOf(digit), 0);
}

/** The id of a webhook message about something that happened at `at`: the same parts, the same id; newest first too. */
export function messageId(at: number, ...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return `msg_${base32(LAST_TIME - Math.floor(at), TIME_CHARACTERS)}${characters(digest.subarray(0, RANDOM_CHARACTERS))}`;
}

/** A whole id of this kind. */
export function idPattern(kind: IdKind | 'message'): RegExp {
  const time = kind === 'audit' || kind === 'message' ? TIME_CHARACTERS : 0;
  const prefix = kind === 'message' ? 'msg' : PREFIXES[kind];
  return new RegExp(`^${prefix}_[${ALPHABET}]{${time + RANDOM_CHARACTERS}}$`);
}

/** 5 bits of randomness a character. */
export function randomCharacters(length: number): string {
  return characters(randomBytes(length));
}

/** A character for each byte. */
export function characters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET[byte % 32]).join('');
}

function base32(value: number, length: number): string {
  let text = '';
  for (let left = value; text.length < length; left = Math.floor(left / 32)) text = ALPHABET[left % 32] + text;
  return text;
}
