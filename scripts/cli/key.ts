/** Reads the key of pseudonyms from the environment. */
import { usage } from './usage.ts';

const VARIABLE = 'REWOUND_PSEUDONYM_KEY';

/** What pseudonyms are made with, from the environment: a command line is seen by every process of a machine. */
export function pseudonymKey(): string | undefined {
  const text = process.env[VARIABLE]?.trim();
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw usage(`${VARIABLE} must have 64 hexadecimal digits.`, 'Make one, once, with "openssl rand -hex 32".');
  }
  return text.toLowerCase();
}

/** The same, where it cannot be done without. */
export function requirePseudonymKey(why: string): string {
  const key = pseudonymKey();
  if (key === undefined) {
    throw usage(
      `${why}, and ${VARIABLE} is not set.`,
      'Make a key once with "openssl rand -hex 32", and keep it secret.',
    );
  }
  return key;
}

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'hex');
}
