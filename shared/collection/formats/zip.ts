/**
 * Lists zip archives of pictures (PKWARE's APPNOTE.TXT, sections 4.3 and 4.4). Unlike the reader of checkpoints it takes
 * what any tool writes, and passes over single entries that cannot be read.
 */
import { type Bytes, buffered } from '../bytes.ts';
import type { Listing } from '../entry.ts';
import { cutOff, unreadable } from '../faults.ts';
import { inflate } from '../inflate.ts';
import { Collector, nameOfBytes } from './collect.ts';

const END = 0x06054b50;
const END_SIZE = 22;
const MOST_COMMENT = 0xffff;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_SIZE = 20;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
const FULL32 = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x41;
const UTF8 = 0x800;
/** Deflate cannot expand more than this. */
const MOST_EXPANSION = 1032;

export function listZip(file: Bytes): Listing {
  // The directory and the entries are read side by side, each in its own order.
  const [directory, source] = [buffered(file), buffered(file)];
  const { start, size } = directoryOf(file);
  const found = new Collector();
  for (let at = start; at < start + size; ) {
    const head = viewOf(directory.read(at, CENTRAL_SIZE));
    if (head.getUint32(0, true) !== CENTRAL) throw unreadable('has a damaged directory');
    const [nameLength, extraLength] = [head.getUint16(28, true), head.getUint16(30, true)];
    const rest = directory.read(at + CENTRAL_SIZE, nameLength + extraLength);
    at += CENTRAL_SIZE + nameLength + extraLength + head.getUint16(32, true);
    if (at > start + size) throw unreadable('has a damaged directory');
    const wide = wideFields(rest.subarray(nameLength));
    const length = wide(head.getUint32(24, true));
    const packed = wide(head.getUint32(20, true));
    const header = wide(head.getUint32(42, true));
    const flags = head.getUint16(8, true);
    const name = nameOf(rest.subarray(0, nameLength), (flags & UTF8) !== 0);
    if (name.endsWith('/')) continue;
    const method = head.getUint16(10, true);
    if (flags & ENCRYPTED) found.pass(name, 'encrypted');
    else if (method !== STORED && method !== DEFLATED) found.pass(name, 'method');
    else if (method === STORED ? packed !== length : length > MOST_EXPANSION * packed) found.pass(name, 'damaged');
    else {
      const begin = contentsOf(source, header, packed);
      if (begin === undefined) found.pass(name, 'damaged');
      else {
        const isDeflated = method === DEFLATED;
        const at = { start: begin, length: packed, ...(isDeflated ? { deflated: length } : {}) };
        const read = (bytes: number) =>
          isDeflated ? inflate(source.read(begin, packed), length).subarray(0, bytes) : source.read(begin, bytes);
        found.file({ name, size: length, at, read });
      }
    }
  }
  const listing = found.listing('zip');
  if (listing.entries.length === 0 && listing.passed.some(({ reason }) => reason === 'encrypted')) {
    throw unreadable('is encrypted', 'Unpack it with its password, and give the folder or a new archive.');
  }
  return listing;
}

/** Where the directory is: the end of the archive says it, after which only a comment may follow. */
function directoryOf(source: Bytes): { readonly start: number; readonly size: number } {
  const tail = Math.min(source.size, END_SIZE + MOST_COMMENT);
  const bytes = source.read(source.size - tail, tail);
  const view = viewOf(bytes);
  for (let at = bytes.length - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_SIZE + view.getUint16(at + 20, true) !== bytes.length) continue;
    const end = source.size - tail + at;
    const found = directory64(source, end) ?? {
      size: view.getUint32(at + 12, true),
      start: view.getUint32(at + 16, true),
    };
    if (found.start === FULL32 || found.size === FULL32 || found.start + found.size > end) break;
    return found;
  }
  throw cutOff();
}

function directory64(source: Bytes, end: number) {
  if (end < LOCATOR64_SIZE) return undefined;
  const locator = viewOf(source.read(end - LOCATOR64_SIZE, LOCATOR64_SIZE));
  if (locator.getUint32(0, true) !== LOCATOR64) return undefined;
  const view = viewOf(source.read(u64(locator, 8), 56));
  if (view.getUint32(0, true) !== END64) throw unreadable('has a damaged directory');
  return { size: u64(view, 40), start: u64(view, 48) };
}

/** Where an entry's contents begin, after its own header; undefined where there is none. */
function contentsOf(source: Bytes, header: number, packed: number): number | undefined {
  if (header + LOCAL_SIZE > source.size) return undefined;
  const view = viewOf(source.read(header, LOCAL_SIZE));
  if (view.getUint32(0, true) !== LOCAL) return undefined;
  const begin = header + LOCAL_SIZE + view.getUint16(26, true) + view.getUint16(28, true);
  return begin + packed <= source.size ? begin : undefined;
}

/** Reads the zip64 extra field: the next eight bytes in place of each field that is full. */
function wideFields(extra: Uint8Array): (short: number) => number {
  const view = viewOf(extra);
  let at = extra.length;
  let end = extra.length;
  for (let field = 0; field + 4 <= extra.length; ) {
    const next = field + 4 + view.getUint16(field + 2, true);
    if (view.getUint16(field, true) === 1 && next <= extra.length) [at, end] = [field + 4, next];
    field = next;
  }
  return (short) => {
    if (short !== FULL32) return short;
    if (end - at < 8) throw unreadable('has a damaged directory');
    at += 8;
    return u64(view, at - 8);
  };
}

/** UTF-8 where the archive says so or the bytes are; else the code page of DOS, as old tools wrote names. */
function nameOf(bytes: Uint8Array, isUtf8: boolean): string {
  if (isUtf8) return nameOfBytes(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]!)).join('');
  }
}

/** IBM code page 437, from 0x80 on. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function u64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw unreadable('has a damaged directory');
  return Number(value);
}
