/**
 * Lists LMDB databases of encoded pictures (format of lmdb's mdb.c, version 1). It is read here and not by a library that
 * maps the file into memory, because a hostile one could make native code read anything.
 */
import { type Bytes, buffered } from '../bytes.ts';
import { type Entry, type Listing, MOST_ENTRIES, MOST_PICTURE, type PassedOver } from '../entry.ts';
import { cutOff, unreadable } from '../faults.ts';
import { isPicture } from '../names.ts';
import { nameOfBytes } from './collect.ts';

const MAGIC = 0xbeefc0de;
const VERSION = 1;
/** Bytes of a page's own header. */
const PAGE_HEADER = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const BIG_DATA = 0x01;
/** Sub-databases and duplicates: not how pictures are stored. */
const SUB_DATA = 0x02;
const DUP_DATA = 0x04;
const NODE_HEADER = 8;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const DEEPEST = 32;

/** Whether a file begins as a database of LMDB. */
export function isLmdb(head: Uint8Array): boolean {
  return head.length >= 24 && viewOf(head).getUint32(PAGE_HEADER, true) === MAGIC;
}

export function listLmdb(file: Bytes): Listing {
  const source = buffered(file, 2 ** 16);
  const { pageSize, root } = newestMeta(source);
  const entries: Entry[] = [];
  const passed: PassedOver[] = [];
  const seen = new Set<bigint>();

  const page = (number: bigint) => {
    const start = Number(number) * pageSize;
    if (!Number.isSafeInteger(start)) throw unreadable('points outside of itself');
    return { start, view: viewOf(source.read(start, pageSize)) };
  };

  const walk = (number: bigint, depth: number): void => {
    if (depth > DEEPEST || seen.has(number)) throw unreadable('has pages that lead in a circle');
    seen.add(number);
    const { start, view } = page(number);
    const flags = view.getUint16(10, true);
    const count = (view.getUint16(12, true) - PAGE_HEADER) / 2;
    if (!Number.isInteger(count) || count < 0 || PAGE_HEADER + 2 * count > pageSize)
      throw unreadable('has a damaged page');
    for (let i = 0; i < count; i++) {
      const at = view.getUint16(PAGE_HEADER + 2 * i, true);
      if (at < PAGE_HEADER || at + NODE_HEADER > pageSize) throw unreadable('has a damaged page');
      const low = view.getUint16(at, true);
      const high = view.getUint16(at + 2, true);
      const nodeFlags = view.getUint16(at + 4, true);
      const keySize = view.getUint16(at + 6, true);
      if (at + NODE_HEADER + keySize > pageSize) throw unreadable('has a damaged page');
      if (flags & BRANCH) {
        walk(BigInt(low) + BigInt(high) * 65_536n + BigInt(nodeFlags) * 4_294_967_296n, depth + 1);
        continue;
      }
      if (!(flags & LEAF)) throw unreadable('has a page of an unknown kind');
      const key = new Uint8Array(view.buffer, view.byteOffset + at + NODE_HEADER, keySize);
      const name = nameOfBytes(key);
      const size = low + high * 65_536;
      if (nodeFlags & (SUB_DATA | DUP_DATA)) {
        passed.push({ name, reason: 'not-a-picture' });
        continue;
      }
      let begin = start + at + NODE_HEADER + keySize;
      if (nodeFlags & BIG_DATA) {
        if (at + NODE_HEADER + keySize + 8 > pageSize) throw unreadable('has a damaged page');
        const first = page(view.getBigUint64(at + NODE_HEADER + keySize, true));
        if (!(first.view.getUint16(10, true) & OVERFLOW)) throw unreadable('has a damaged page');
        begin = first.start + PAGE_HEADER;
      } else if (at + NODE_HEADER + keySize + size > pageSize) throw unreadable('has a damaged page');
      if (begin + size > source.size) throw cutOff();
      if (size === 0) passed.push({ name, reason: 'empty' });
      else if (size > MOST_PICTURE) passed.push({ name, reason: 'too-large' });
      else if (!isPicture(source.read(begin, Math.min(12, size)))) passed.push({ name, reason: 'not-a-picture' });
      else entries.push({ name, at: { start: begin, length: size }, size });
      if (entries.length > MOST_ENTRIES) throw unreadable(`holds more than ${MOST_ENTRIES} photos`, 'Split it.');
    }
  };

  if (root !== NO_PAGE) walk(root, 0);
  if (entries.length === 0 && passed.length > 0) {
    throw unreadable(
      'is an LMDB database whose values are no encoded pictures, but objects or arrays of another program',
      'Write the pictures out as JPEG or PNG, into a folder or an archive.',
    );
  }
  return { format: 'lmdb', entries, passed, tables: [] };
}

/** The newer of the two meta pages: its root is the main database's. */
function newestMeta(source: Bytes): { readonly pageSize: number; readonly root: bigint } {
  const read = (start: number) => {
    const view = viewOf(source.read(start, PAGE_HEADER + 136));
    if (view.getUint32(PAGE_HEADER, true) !== MAGIC || view.getUint32(PAGE_HEADER + 4, true) !== VERSION)
      return undefined;
    // magic, version, address, map size, then two databases of 48 bytes: the free pages and the main one.
    const databases = PAGE_HEADER + 24;
    return {
      pageSize: view.getUint32(databases, true),
      root: view.getBigUint64(databases + 48 + 40, true),
      transaction: view.getBigUint64(databases + 96 + 8, true),
    };
  };
  const first = read(0);
  if (!first) throw unreadable('is no LMDB database of a known version');
  const { pageSize } = first;
  if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) throw unreadable('has a damaged page');
  const second = source.size >= pageSize + PAGE_HEADER + 136 ? read(pageSize) : undefined;
  return second && second.transaction > first.transaction ? { pageSize, root: second.root } : first;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
