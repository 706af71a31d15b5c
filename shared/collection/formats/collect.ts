/** Collects what a reader of an archive finds: photos, tables beside them, and what is passed over. */
import { printable, textOfBytes } from '../../printable.ts';
import {
  type Entry,
  type Format,
  type Listing,
  type Locator,
  MOST_ENTRIES,
  MOST_PICTURE,
  MOST_TABLE,
  type Reason,
} from '../entry.ts';
import { unreadable } from '../faults.ts';
import { isSampleText, isTable, whyNoPhoto } from '../names.ts';

export interface Found {
  readonly name: string;
  readonly size: number;
  readonly at: Locator;
  /** The whole content, or its first bytes. */
  read(length: number): Uint8Array;
}

/** The first bytes by which a picture is known. */
const HEAD = 12;
/** Bytes of a text that belongs to one photo. */
const MOST_SAMPLE_TEXT = 2 ** 16;

export class Collector {
  readonly #entries: Entry[] = [];
  readonly #passed: { name: string; reason: Reason }[] = [];
  readonly #tables: { name: string; bytes: Uint8Array }[] = [];
  readonly #names = new Set<string>();
  readonly #hasSamples: boolean;

  /** `hasSamples`: whether small texts beside photos may say who is in them, as in the tars of a webdataset. */
  constructor(hasSamples = false) {
    this.#hasSamples = hasSamples;
  }

  /** Takes one file of the archive as a photo, as a table, or as something that is passed over. */
  file({ name, size, at, read }: Found): void {
    const path = cleanName(name);
    const reason = this.#names.has(path) ? 'duplicate' : this.#whyNot(path, size, read);
    this.#names.add(path);
    if (reason === undefined) {
      this.#entries.push({ name: path, at, size });
      if (this.#entries.length > MOST_ENTRIES) throw unreadable(`holds more than ${MOST_ENTRIES} photos`, 'Split it.');
    } else if (reason === 'not-a-picture' && this.#isText(path, size)) {
      this.#tables.push({ name: path, bytes: new Uint8Array(read(size)) });
    } else this.pass(name, reason);
  }

  #isText(path: string, size: number): boolean {
    if (isTable(path)) return size <= MOST_TABLE;
    return this.#hasSamples && isSampleText(path) && size <= MOST_SAMPLE_TEXT;
  }

  pass(name: string, reason: Reason): void {
    this.#passed.push({ name: printable(name), reason });
  }

  #whyNot(path: string, size: number, read: (length: number) => Uint8Array): Reason | undefined {
    const reason = whyNoPhoto(path, () => read(Math.min(size, HEAD)));
    if (reason !== undefined) return reason;
    if (size === 0) return 'empty';
    return size > MOST_PICTURE ? 'too-large' : undefined;
  }

  listing(format: Format): Listing {
    return { format, entries: this.#entries, passed: this.#passed, tables: this.#tables };
  }
}

/** A path in an archive is a name and never a place: without roots and steps upwards, with slashes alone. */
function cleanName(name: string): string {
  // Backslashes part folders in archives of Windows; an escape of a byte has one too.
  const segments = name.replace(/\\(?!x[0-9a-f]{2})/g, '/').split('/');
  return segments
    .filter((segment) => segment !== '' && segment !== '.' && segment !== '..')
    .map(printable)
    .join('/');
}

/** A name whose bytes should be UTF-8; those that are not are shown as escapes. */
export function nameOfBytes(bytes: Uint8Array): string {
  return textOfBytes(bytes);
}
