/**
 * Lists tar archives (POSIX ustar and pax, and the long names of GNU tar), as they are or compressed by gzip. A plain
 * one is read from header to header; a compressed one from its beginning to its end.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type Bytes, buffered } from '../bytes.ts';
import { type Listing, MOST_PICTURE, MOST_TABLE } from '../entry.ts';
import { cutOff, unreadable } from '../faults.ts';
import { isTable } from '../names.ts';
import { Collector, nameOfBytes } from './collect.ts';

const BLOCK = 512;
/** Bytes of a long name or of pax records. */
const MOST_NAME = 2 ** 20;
/** How much more than its size a compressed tar may hold. Pictures hardly compress. */
const MOST_EXPANSION = 200;
const LEAST_LIMIT = 2 ** 30;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** Whether a block is the header of a tar member: its checksum says so. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  const stated = octal(block.subarray(148, 156));
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : block[i]!;
  return stated === sum;
}

export function listTar(file: Bytes): Listing {
  const source = buffered(file);
  const found = new Collector(true);
  const names = new LongNames();
  let at = 0;
  while (at + BLOCK <= source.size) {
    const block = source.read(at, BLOCK);
    if (isEnd(block)) break;
    const header = headerOf(block);
    const start = at + BLOCK;
    const size = names.sizeOf(header);
    if (start + size > source.size) throw cutOff();
    at = start + roundUp(size);
    if (names.take(header, () => source.read(start, Math.min(size, MOST_NAME)))) continue;
    const { name, isFile, isSparse } = names.next(header);
    if (isSparse) found.pass(name, 'sparse');
    else if (isFile) {
      found.file({ name, size, at: { start, length: size }, read: (length) => source.read(start, length) });
    } else if (header.type !== '5') found.pass(name, 'special');
  }
  return found.listing('tar');
}

/** A member of a compressed tar, with its content where that was wanted. */
interface Member {
  readonly number: number;
  readonly name: string;
  readonly size: number;
  readonly isFile: boolean;
  readonly isSparse: boolean;
  readonly type: string;
  readonly content: Uint8Array | undefined;
}

/** The members of a tar that gzip compressed, in one pass. `wants` says how much of a member is kept. */
async function* membersOf(
  path: string,
  fileSize: number,
  wants: (name: string, size: number, number: number) => number,
): AsyncGenerator<Member> {
  const limit = Math.max(LEAST_LIMIT, fileSize * MOST_EXPANSION);
  const reader = new StreamReader(path, limit);
  const names = new LongNames();
  try {
    for (let number = 0; ; ) {
      const block = await reader.read(BLOCK, BLOCK);
      if (block.length < BLOCK) {
        if (block.length > 0 || number === 0) throw cutOff();
        return;
      }
      if (isEnd(block)) return;
      const header = headerOf(block);
      const size = names.sizeOf(header);
      if (names.isLong(header)) {
        if (size > MOST_NAME) throw unreadable('holds a name that is too long');
        const content = await reader.read(size, roundUp(size));
        names.take(header, () => content);
        continue;
      }
      const { name, isFile, isSparse } = names.next(header);
      const kept = isFile && !isSparse ? Math.min(size, wants(name, size, number)) : 0;
      const content = await reader.read(kept, roundUp(size));
      if (content.length < kept) throw cutOff();
      yield { number, name, size, isFile, isSparse, type: header.type, content };
      number += 1;
    }
  } finally {
    reader.close();
  }
}

export async function listCompressedTar(path: string, fileSize: number): Promise<Listing> {
  const found = new Collector(true);
  const wants = (name: string) => (isTable(name) ? MOST_TABLE : 64 * 1024);
  for await (const { number, name, size, isFile, isSparse, type, content } of membersOf(path, fileSize, wants)) {
    if (isSparse) found.pass(name, 'sparse');
    else if (isFile) {
      found.file({
        name,
        size,
        at: { member: number },
        read: (length) => content?.subarray(0, length) ?? new Uint8Array(),
      });
    } else if (type !== '5') found.pass(name, 'special');
  }
  return found.listing('tar.gz');
}

/** The contents of these members, in ascending order of their numbers. */
export async function* readMembers(
  path: string,
  fileSize: number,
  members: readonly number[],
): AsyncGenerator<Uint8Array> {
  let next = 0;
  if (members.length === 0) return;
  const wanted = new Set(members);
  for await (const { number, content } of membersOf(path, fileSize, (_, size, number) =>
    wanted.has(number) && size <= MOST_PICTURE ? size : 0,
  )) {
    if (number !== members[next]) continue;
    yield content ?? new Uint8Array();
    next += 1;
    if (next === members.length) return;
  }
  throw cutOff();
}

/** Long names of GNU tar and pax records, which stand before the member that they describe. */
class LongNames {
  #name: string | undefined;
  #size: number | undefined;
  #isSparse = false;

  isLong({ type }: Header): boolean {
    return type === 'L' || type === 'K' || type === 'x' || type === 'g';
  }

  /** Keeps what a member of this kind says of the next one; false for members of other kinds. */
  take(header: Header, content: () => Uint8Array): boolean {
    if (!this.isLong(header)) return false;
    if (header.type === 'L') this.#name = nameOfBytes(untilZero(content()));
    if (header.type === 'x') {
      for (const [key, value] of paxRecords(content())) {
        if (key === 'path') this.#name = nameOfBytes(value);
        if (key === 'size') this.#size = Number(Buffer.from(value).toString('latin1'));
        if (key.startsWith('GNU.sparse')) this.#isSparse = true;
      }
    }
    return true;
  }

  /** Bytes of a member; of a described one, as its description says. */
  sizeOf(header: Header): number {
    const size = this.isLong(header) ? header.size : (this.#size ?? header.size);
    if (!Number.isSafeInteger(size) || size < 0) throw unreadable('has a damaged header');
    return size;
  }

  next({ name, type }: Header): { readonly name: string; readonly isFile: boolean; readonly isSparse: boolean } {
    const described = {
      name: this.#name ?? name,
      isFile: type === '0' || type === '\0' || type === '7' || type === 'S',
      isSparse: this.#isSparse || type === 'S',
    };
    this.#name = undefined;
    this.#size = undefined;
    this.#isSparse = false;
    return described;
  }
}

/** Records `length key=value\n`. */
function* paxRecords(bytes: Uint8Array): Generator<readonly [string, Uint8Array]> {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(Buffer.from(bytes.subarray(at, space)).toString('latin1'));
    const equals = bytes.indexOf(0x3d, space);
    if (!(length > 0) || at + length > bytes.length || equals < 0 || equals >= at + length) return;
    yield [
      Buffer.from(bytes.subarray(space + 1, equals)).toString('latin1'),
      bytes.subarray(equals + 1, at + length - 1),
    ];
    at += length;
  }
}

function headerOf(block: Uint8Array): Header {
  if (!isTarHeader(block)) throw unreadable('has a damaged header');
  const prefix =
    Buffer.from(block.subarray(257, 262)).toString('latin1') === 'ustar'
      ? untilZero(block.subarray(345, 500))
      : new Uint8Array();
  // GNU tar keeps times where ustar keeps the beginning of a long name.
  const isGnu = block[263] === 0x20;
  const name = nameOfBytes(untilZero(block.subarray(0, 100)));
  return {
    name: prefix.length > 0 && !isGnu ? `${nameOfBytes(prefix)}/${name}` : name,
    size: numberOf(block.subarray(124, 136)),
    type: String.fromCharCode(block[156]!),
  };
}

/** Octal digits, or a binary number where the first bit is set. */
function numberOf(field: Uint8Array): number {
  if (!(field[0]! & 0x80)) return octal(field);
  return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, field[0]! & 0x7f);
}

function octal(field: Uint8Array): number {
  const digits = Buffer.from(field)
    .toString('latin1')
    .replace(/[\0 ]+/g, ' ')
    .trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : digits === '' ? 0 : Number.NaN;
}

function untilZero(field: Uint8Array): Uint8Array {
  const zero = field.indexOf(0);
  return zero < 0 ? field : field.subarray(0, zero);
}

function isEnd(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** Reads a compressed file from front to end. */
class StreamReader {
  readonly #source;
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #left: number;

  constructor(path: string, limit: number) {
    this.#left = limit;
    this.#source = createReadStream(path, { highWaterMark: 2 ** 18 });
    const inflated = this.#source.pipe(createGunzip({ chunkSize: 2 ** 18 }));
    this.#source.on('error', (error) => inflated.destroy(error));
    this.#chunks = inflated[Symbol.asyncIterator]();
  }

  /** The first `kept` of the next `length` bytes; fewer at the end of the file. */
  async read(kept: number, length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let [toKeep, toSkip] = [kept, length - kept];
    while (toKeep + toSkip > 0) {
      if (this.#held.length === 0 && !(await this.#more())) break;
      const now = Math.min(toKeep, this.#held.length);
      if (now > 0) parts.push(this.#held.subarray(0, now));
      const skipped = now === toKeep ? Math.min(toSkip, this.#held.length - now) : 0;
      this.#held = this.#held.subarray(now + skipped);
      toKeep -= now;
      toSkip -= skipped;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  async #more(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#held = value;
    } catch (cause) {
      throw unreadable('cannot be decompressed: it is truncated or damaged', 'Copy or download it again.', cause);
    }
    this.#left -= this.#held.length;
    if (this.#left < 0) throw unreadable('expands to far more than pictures can', 'Check where it comes from.');
    return true;
  }

  close(): void {
    this.#source.destroy();
  }
}
