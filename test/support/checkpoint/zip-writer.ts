import { crc32, deflateRawSync } from 'node:zlib';
import { bytesOf, u32, u64 } from './pickler.ts';

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What differs from torch's own archives. */
  readonly deflate?: boolean;
  readonly crc?: number;
  readonly localName?: string;
  readonly size?: number;
  readonly flags?: number;
  readonly header?: number;
}

function u16(value: number): Uint8Array {
  return u32(value).subarray(0, 2);
}

/**
 * An archive as torch's writer makes it (caffe2/serialize/inline_container.cc over miniz): contents stored, each
 * beginning at a multiple of 64 by an extra field of "FB" and "Z"s, sums and sizes after the contents, zip64 at the end.
 */
export function zipOf(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  const put = (...bytes: Uint8Array[]) => {
    for (const piece of bytes) {
      parts.push(piece);
      at += piece.length;
    }
  };
  for (const entry of entries) {
    const { name, bytes, deflate = false, localName = name } = entry;
    const contents = deflate ? deflateRawSync(bytes) : bytes;
    const size = entry.size ?? bytes.length;
    const packed = deflate ? contents.length : size;
    const crc = entry.crc ?? (bytes.length > 0 ? crc32(bytes) : 0);
    // Nothing is said after the contents where there are none.
    const flags = entry.flags ?? (bytes.length > 0 ? 0x808 : 0x800);
    const method = deflate ? 8 : 0;
    const begin = at;
    const unpadded = begin + 30 + localName.length + 4;
    const padding = (64 - (unpadded % 64)) % 64;
    const extra = bytesOf('FB', u16(padding), 'Z'.repeat(padding));
    put(bytesOf('PK\x03\x04', u16(0), u16(flags), u16(method), u32(0), u32(0), u32(0), u32(0)));
    put(u16(localName.length), u16(extra.length), Buffer.from(localName), extra, contents);
    if (bytes.length > 0) put(bytesOf('PK\x07\x08', u32(crc), u32(contents.length), u32(bytes.length)));
    central.push(
      bytesOf('PK\x01\x02', u16(0), u16(0), u16(flags), u16(method), u32(0), u32(crc), u32(packed), u32(size)),
      bytesOf(u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(entry.header ?? begin), name),
    );
  }
  const directory = at;
  put(...central);
  const size = at - directory;
  const end64 = at;
  const count = u64(entries.length);
  put(bytesOf('PK\x06\x06', u64(44), u16(798), u16(45), u32(0), u32(0), count, count, u64(size), u64(directory)));
  put(bytesOf('PK\x06\x07', u32(0), u64(end64), u32(1)));
  const short = u16(entries.length);
  put(bytesOf('PK\x05\x06', u16(0), u16(0), short, short, u32(size), u32(directory), u16(0)));
  return Buffer.concat(parts);
}
