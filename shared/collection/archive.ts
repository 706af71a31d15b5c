/** Lists and reads archives of pictures of every known format. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Bytes, buffered, openBytes } from './bytes.ts';
import type { Format, Listing, Locator } from './entry.ts';
import { unreadable } from './faults.ts';
import { isLmdb, listLmdb } from './formats/lmdb.ts';
import { listParquet, readRows } from './formats/parquet.ts';
import { joined, listRecordIo, RECORD_MAGIC } from './formats/recordio.ts';
import { isTarHeader, listCompressedTar, listTar, readMembers } from './formats/tar.ts';
import { listZip } from './formats/zip.ts';
import { inflate } from './inflate.ts';
import { withSampleLabels } from './webdataset.ts';

export interface ListOptions {
  /** The column, or the field of a sample, that says who is in a picture. */
  readonly personColumn?: string | undefined;
  /** Whether each picture is read for its digest. */
  readonly digests?: boolean | undefined;
}

/** Which format a file is of, by its content; undefined where it is no archive of pictures. */
export function formatOf(path: string): Format | undefined {
  const descriptor = openSync(path, 'r');
  try {
    const head = new Uint8Array(512);
    const length = readSync(descriptor, head, 0, head.length, 0);
    return formatOfHead(head.subarray(0, length), fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

/** The same of a file's first 512 bytes, fewer where it is smaller, and its size. */
export function formatOfHead(head: Uint8Array, size: number): Format | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 8) return undefined;
  const first = view.getUint32(0, true);
  // An archive without a file has the end record alone.
  if (first === 0x04034b50 || first === 0x06054b50) return 'zip';
  if (first === 0x31524150) return 'parquet';
  if (first === RECORD_MAGIC) return 'recordio';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'tar.gz';
  if (isLmdb(head)) return 'lmdb';
  return head.length === 512 && size >= 512 && isTarHeader(head) ? 'tar' : undefined;
}

/** What is in an archive. Throws ARCHIVE_INVALID. */
export async function listArchive(
  path: string,
  { personColumn, digests = false }: ListOptions = {},
  onPictures: (done: number) => void = () => undefined,
): Promise<Listing> {
  const format = formatOf(path);
  if (!format) {
    throw unreadable(
      'is of no known format',
      'Give a zip, tar, tar.gz, parquet, RecordIO or LMDB file, or a folder of photos.',
    );
  }
  const source = openBytes(path);
  try {
    const listing = await list(format, path, source, personColumn);
    const labelled = format === 'tar' || format === 'tar.gz' ? withSampleLabels(listing, personColumn) : listing;
    return digests ? await withDigests(path, labelled, onPictures) : labelled;
  } finally {
    source.close();
  }
}

/** Pictures between two signs of progress. */
const STEP = 1000;

/** A listing with the MD5 of each picture, which reads the whole archive once. */
async function withDigests(path: string, listing: Listing, onPictures: (done: number) => void): Promise<Listing> {
  const md5: string[] = [];
  const places = listing.entries.map(({ at }) => at);
  for await (const bytes of readPictures(path, places)) {
    md5.push(createHash('md5').update(bytes).digest('base64'));
    if (md5.length % STEP === 0) onPictures(md5.length);
  }
  return { ...listing, entries: listing.entries.map((entry, i) => ({ ...entry, md5: md5[i]! })) };
}

async function list(format: Format, path: string, source: Bytes, personColumn: string | undefined): Promise<Listing> {
  switch (format) {
    case 'zip':
      return listZip(source);
    case 'tar':
      return listTar(source);
    case 'tar.gz':
      return listCompressedTar(path, source.size);
    case 'recordio':
      return listRecordIo(source);
    case 'lmdb':
      return listLmdb(source);
    case 'parquet':
      return listParquet(source, personColumn);
  }
}

/** Bytes read at once where pictures lie beside each other. */
const WINDOW = 2 ** 22;

/**
 * The encoded pictures at these places of an archive, in their order. `shift` is where in the archive the file begins, if
 * it holds a part of it. Throws ARCHIVE_INVALID.
 */
export async function* readPictures(path: string, locators: readonly Locator[], shift = 0): AsyncGenerator<Uint8Array> {
  const source = openBytes(path, shift);
  try {
    const rows = locators.flatMap((at) => ('row' in at ? [at.row] : []));
    const members = locators.flatMap((at) => ('member' in at ? [at.member] : []));
    if (rows.length > 0) yield* inOrder(rows, (ascending) => readRows(source, ascending));
    else if (members.length > 0) yield* inOrder(members, (ascending) => readMembers(path, source.size, ascending));
    else {
      const near = buffered(source, WINDOW);
      for (const at of locators) if ('start' in at) yield pictureAt(near, at);
    }
  } finally {
    source.close();
  }
}

function pictureAt(source: Bytes, { start, length, deflated, parts }: Extract<Locator, { start: number }>): Uint8Array {
  const bytes = parts ? joined(source, parts).subarray(start, start + length) : source.read(start, length);
  if (deflated === undefined) return bytes;
  try {
    return inflate(bytes, deflated);
  } catch {
    // One damaged picture is one that cannot be read, and no reason to give up all others.
    return new Uint8Array();
  }
}

/** What is read in ascending order, in the order that was asked for. */
async function* inOrder(
  places: readonly number[],
  read: (ascending: readonly number[]) => AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const ascending = [...new Set(places)].sort((a, b) => a - b);
  if (ascending.length === places.length && ascending.every((place, i) => place === places[i])) {
    yield* read(ascending);
    return;
  }
  const found = new Map<number, Uint8Array>();
  let i = 0;
  for await (const bytes of read(ascending)) found.set(ascending[i++]!, bytes.slice());
  for (const place of places) yield found.get(place)!;
}
