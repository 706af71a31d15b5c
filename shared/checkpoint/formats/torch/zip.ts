/** Reads zip archives as strictly as torch writes them. */
import { crc32, inflateRawSync } from 'node:zlib';
import { corrupt, unsafe, unsupported } from '../faults.ts';
import { latin1 } from '../pickle/cursor.ts';
import { type ByteSource, bytesSource, part } from '../source.ts';

/**
 * Zip archives (PKWARE's APPNOTE.TXT, sections 4.3 and 4.4), as strictly as torch writes them. Readers that disagree on
 * what an archive holds are how files are smuggled past checks, so whatever could be read in two ways is refused.
 */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Where the contents are in the file, if they lie there as they are. */
  readonly stored: number | undefined;
  /**
   * The contents, to be read by ranges. What is deflated comes into memory for that, so its use says how much of it
   * there can be: @throws CHECKPOINT_UNSUPPORTED for more than `most` bytes, before any is inflated.
   */
  open(most: number): ByteSource;
  /** The same, once the checksum of all of it is known to be right. */
  checked(most: number): ByteSource;
}

const END = 0x06054b50;
const END_SIZE = 22;
const END64 = 0x06064b50;
const END64_SIZE = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_SIZE = 20;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x41;

/** Ten times what the largest state dicts have. */
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY = 1 << 26;
/** Deflate cannot expand more than this, nor make of anything more than a few bytes a block above its size. */
const MAX_EXPANSION = 1032;
const mostPacked = (size: number) => size + 5 * Math.ceil(size / 2 ** 12) + 64;
/** Of all deflated entries together: torch stores what is large. */
const MAX_INFLATED = 2 ** 30;
/** Read at once for checksums. */
const CHUNK = 1 << 20;

interface Record {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

/** @throws CHECKPOINT_CORRUPT, CHECKPOINT_UNSAFE, CHECKPOINT_UNSUPPORTED */
export function readZip(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const { count, offset, size } = findDirectory(source);
  const records = readDirectory(source.read(offset, size), count);
  const entries = new Map<string, ZipEntry>();
  const spans: { readonly begin: number; readonly end: number }[] = [];
  let inflated = 0;
  for (const record of records) {
    if (entries.has(record.name)) throw unsafe('The checkpoint is a zip archive with two entries of one name.');
    const begin = findContents(source, record, offset);
    spans.push({ begin: record.header, end: begin + record.packed });
    if (record.method === DEFLATED) inflated += record.size;
    entries.set(record.name, entryOf(source, record, begin));
  }
  if (inflated > MAX_INFLATED) throw unsupported('The checkpoint is compressed, and too large for that.', STORE);
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const [i, { begin }] of spans.entries()) {
    if (i > 0 && begin < spans[i - 1]!.end) throw unsafe('The checkpoint is a zip archive whose entries overlap.');
  }
  return entries;
}

const STORE = 'Save it with torch.save, which does not compress.';

/** The end of central directory record, which must be the last bytes of the file: no comment, nothing after it. */
function findDirectory(source: ByteSource) {
  const end = source.size - END_SIZE;
  if (end < 0) throw corrupt('its zip archive is cut off');
  const view = viewOf(source.read(end, END_SIZE));
  if (view.getUint32(0, true) !== END || view.getUint16(20, true) !== 0) {
    throw corrupt('its zip archive does not end as one, or something was added to it');
  }
  if (view.getUint16(4, true) !== 0 || view.getUint16(6, true) !== 0) throw corrupt('its zip archive is in parts');
  const short = {
    count: view.getUint16(10, true),
    size: view.getUint32(12, true),
    offset: view.getUint32(16, true),
    end,
  };
  const directory = findDirectory64(source, end) ?? short;
  const { count, size, offset } = directory;
  const { count: count16, size: size32, offset: offset32 } = short;
  const agree =
    (count16 === FULL16 || count16 === count) &&
    (size32 === FULL32 || size32 === size) &&
    (offset32 === FULL32 || offset32 === offset);
  if (!agree || offset + size !== directory.end) throw corrupt('its zip archive contradicts itself');
  if (count > MAX_ENTRIES || size > MAX_DIRECTORY) throw corrupt('its zip archive has too many entries');
  return directory;
}

/** As the zip64 records before the end say, or undefined where there are none. */
function findDirectory64(source: ByteSource, end: number) {
  if (end < LOCATOR64_SIZE) return undefined;
  const locator = viewOf(source.read(end - LOCATOR64_SIZE, LOCATOR64_SIZE));
  if (locator.getUint32(0, true) !== LOCATOR64) return undefined;
  const at = u64(locator, 8);
  if (at !== end - LOCATOR64_SIZE - END64_SIZE) throw corrupt('its zip archive does not end as one');
  const view = viewOf(source.read(at, END64_SIZE));
  if (view.getUint32(0, true) !== END64) throw corrupt('its zip archive does not end as one');
  return { count: u64(view, 32), size: u64(view, 40), offset: u64(view, 48), end: at };
}

function readDirectory(bytes: Uint8Array, count: number): Record[] {
  const view = viewOf(bytes);
  const records: Record[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < CENTRAL_SIZE || view.getUint32(at, true) !== CENTRAL) throw damagedDirectory();
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    const nameAt = at + CENTRAL_SIZE;
    const next = nameAt + nameLength + extraLength + commentLength;
    if (next > bytes.length) throw damagedDirectory();
    const wide = wideFields(bytes.subarray(nameAt + nameLength, nameAt + nameLength + extraLength));
    // In this order, and each only where its short field is full.
    const size = wide(view.getUint32(at + 24, true));
    const packed = wide(view.getUint32(at + 20, true));
    const header = wide(view.getUint32(at + 42, true));
    if (flags & ENCRYPTED) throw unsupported('The checkpoint is an encrypted zip archive.', 'Unlock it first.');
    if (method !== STORED && method !== DEFLATED) {
      throw unsupported('The checkpoint is a zip archive with an unusual compression.', STORE);
    }
    const fits = method === STORED ? packed === size : size <= MAX_EXPANSION * packed && packed <= mostPacked(size);
    if (!fits) throw damagedDirectory();
    const name = nameOf(bytes.subarray(nameAt, nameAt + nameLength));
    records.push({ name, method, crc: view.getUint32(at + 16, true), packed, size, header });
    at = next;
  }
  if (records.length !== count) throw damagedDirectory();
  return records;
}

/** Reads the zip64 extra field: gives the next eight bytes in place of each short field that is full. */
function wideFields(extra: Uint8Array): (short: number) => number {
  const view = viewOf(extra);
  let at = 0;
  let end = 0;
  for (let field = 0; field + 4 <= extra.length; ) {
    const next = field + 4 + view.getUint16(field + 2, true);
    if (view.getUint16(field, true) === 1 && next <= extra.length) {
      at = field + 4;
      end = next;
      break;
    }
    field = next;
  }
  return (short) => {
    if (short !== FULL32) return short;
    if (end - at < 8) throw damagedDirectory();
    at += 8;
    return u64(view, at - 8);
  };
}

/** Where the contents begin: after a header that names the same entry. */
function findContents(source: ByteSource, { name, header, packed }: Record, directory: number): number {
  if (header > directory - LOCAL_SIZE) throw damagedDirectory();
  const view = viewOf(source.read(header, LOCAL_SIZE));
  if (view.getUint32(0, true) !== LOCAL) throw damagedDirectory();
  const nameLength = view.getUint16(26, true);
  const begin = header + LOCAL_SIZE + nameLength + view.getUint16(28, true);
  if (begin > directory - packed) throw damagedDirectory();
  if (nameOf(source.read(header + LOCAL_SIZE, nameLength)) !== name) {
    throw unsafe('The checkpoint is a zip archive that names an entry in two ways.');
  }
  return begin;
}

function entryOf(source: ByteSource, record: Record, begin: number): ZipEntry {
  const { name, method, crc, packed, size } = record;
  if (method === STORED) {
    const open = () => part(source, begin, size);
    return { name, size, stored: begin, open, checked: () => requireSum(name, open(), crc) };
  }
  let inflated: ByteSource | undefined;
  const checked = (most: number) => {
    if (size > most) {
      const what = `an entry that inflates to ${size} bytes, where at most ${most} can be needed`;
      throw unsupported(`The checkpoint is a zip archive with ${what}.`, STORE);
    }
    inflated ??= requireSum(name, bytesSource(inflate(source.read(begin, packed), size)), crc);
    return inflated;
  };
  return { name, size, stored: undefined, checked, open: checked };
}

function inflate(bytes: Uint8Array, size: number): Uint8Array {
  try {
    // One byte more than is allowed, so that what is too long shows.
    const inflated = inflateRawSync(bytes, { maxOutputLength: size + 1 });
    if (inflated.length === size) return inflated;
  } catch (cause) {
    throw corrupt('an entry of its zip archive cannot be decompressed', cause);
  }
  throw corrupt('an entry of its zip archive is not as long as it says');
}

function requireSum(name: string, contents: ByteSource, crc: number): ByteSource {
  let sum = 0;
  for (let at = 0; at < contents.size; at += CHUNK) {
    sum = crc32(contents.read(at, Math.min(CHUNK, contents.size - at)), sum);
  }
  if (sum === crc) return contents;
  throw corrupt(`the checksum of the entry ${JSON.stringify(name.slice(-80))} of its zip archive is wrong`);
}

/** As bytes: torch writes ASCII, and any two different names must stay different. */
function nameOf(bytes: Uint8Array): string {
  return latin1(bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function u64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damagedDirectory();
  return Number(value);
}

function damagedDirectory() {
  return corrupt('the directory of its zip archive is damaged');
}
