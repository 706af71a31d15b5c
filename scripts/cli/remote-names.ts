/** Replaces names by pseudonyms before they leave this machine, and puts them back. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import { PRIVATE_FOLDER } from '../../shared/platform/local/private.ts';
import { createWhole, removeEmpty } from '../../shared/whole-file.ts';
import { keyBytes, pseudonymKey } from './key.ts';
import { usage } from './usage.ts';

/** Names as they leave this machine, and back. The way back is a list in memory: a pseudonym tells nothing. */
export class RemoteNames {
  readonly #key: Uint8Array;
  readonly #back = new Map<string, string>();

  constructor(key: Uint8Array) {
    // Not the key itself: its owner may publish reports with pseudonyms made with that.
    this.#key = createHmac('sha256', key).update('rewound names for a service').digest();
  }

  /** The same on both sides: whoever stands on both must be found on both. */
  person(name: string): string {
    return this.#keep(`p-${this.#digits(`person/${name}`)}`, name);
  }

  /** With its ending, which says that it is a photo. */
  photo(name: string): string {
    const ending = /\.[a-z0-9]{1,5}$/i.exec(name)?.[0] ?? '';
    return this.#keep(`photo-${this.#digits(`photo/${name}`)}${ending.toLowerCase()}`, name);
  }

  /** The name behind a pseudonym; of what is none, itself. */
  back(pseudonym: string): string {
    return this.#back.get(pseudonym) ?? pseudonym;
  }

  #keep(pseudonym: string, name: string): string {
    this.#back.set(pseudonym, name);
    return pseudonym;
  }

  #digits(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, 16);
  }
}

const FILE = '.remote-names-key';

/**
 * What pseudonyms are made with: the key in REWOUND_PSEUDONYM_KEY; else one that is drawn once and kept in the work
 * folder, so that the same command finds the same audit again.
 */
export function remoteNamesKey(work: string): Uint8Array {
  const given = pseudonymKey();
  if (given !== undefined) return keyBytes(given);
  ensureFolder(work, PRIVATE_FOLDER);
  const file = join(work, FILE);
  // Earlier versions left it empty where they were killed before they wrote it: nothing was ever made with that.
  removeEmpty(file);
  createWhole(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  const text = readFileSync(file, 'utf8');
  if (/^[0-9a-f]{64}$/.test(text)) return keyBytes(text);
  throw usage(`${file} is damaged.`, 'Delete it: the next command makes a new key, and a new audit.');
}
