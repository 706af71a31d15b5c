/** What a collection of photos consists of, whatever it is stored in: photos, and what was passed over. */
import { z } from 'zod';

const offset = z.int().min(0);

/** Where the bytes of one photo are in its archive. */
export const locatorSchema = z.union([
  /** As they are; `deflated` where they inflate to that many bytes, `parts` where a record was cut. */
  z.strictObject({
    start: offset,
    length: offset,
    deflated: offset.optional(),
    parts: z.array(z.tuple([offset, offset])).optional(),
  }),
  /** A row of a table in a parquet file. */
  z.strictObject({ row: offset }),
  /** The number of a member in a compressed tar, which can only be read from its beginning. */
  z.strictObject({ member: offset }),
]);
export type Locator = z.infer<typeof locatorSchema>;

/** Why a file or a member of an archive is no photo of the collection. */
export const REASONS = {
  hidden: 'hidden',
  unfinished: 'still being written',
  name: 'unreadable name',
  link: 'broken link',
  special: 'link, device or pipe',
  junk: 'left by the operating system',
  'not-a-picture': 'no picture',
  format: 'unreadable format (HEIC, BMP, JPEG XL or JPEG 2000)',
  archive: 'archive in an archive',
  empty: 'empty',
  'too-large': 'larger than 256 MiB',
  encrypted: 'encrypted',
  method: 'compressed in an unusual way',
  duplicate: 'second entry of a name',
  damaged: 'damaged',
  sparse: 'sparse file',
  'not-in-table': 'not in the table',
  'not-in-list': 'not in the list',
  'other-side': 'of the other side',
} as const;
export type Reason = keyof typeof REASONS;

export interface PassedOver {
  /** Printable, relative to the collection. */
  readonly name: string;
  readonly reason: Reason;
}

/** How many were passed over for each reason. */
export function countReasons(passed: readonly Pick<PassedOver, 'reason'>[]): Partial<Record<Reason, number>> {
  const counts: Partial<Record<Reason, number>> = {};
  for (const { reason } of passed) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** One photo of an archive. */
export interface Entry {
  /** Its path in the archive, with slashes; printable. */
  readonly name: string;
  readonly at: Locator;
  /** Bytes of the encoded picture. */
  readonly size: number;
  /** The person, where the archive itself says it. */
  readonly label?: string;
  /** MD5 of the encoded picture, base64, where it was asked for. */
  readonly md5?: string;
}

export const FORMATS = ['zip', 'tar', 'tar.gz', 'recordio', 'lmdb', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

export interface Listing {
  readonly format: Format;
  readonly entries: readonly Entry[];
  readonly passed: readonly PassedOver[];
  /** Small texts beside the photos that may say who is in them, such as metadata.csv or dataset.json. */
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Photos of one archive: more are a mistake or an attack. */
export const MOST_ENTRIES = 20_000_000;
/** Bytes of one encoded picture. */
export const MOST_PICTURE = 2 ** 28;
/** Bytes of a text that says who is in which photo. */
export const MOST_TABLE = 2 ** 28;
