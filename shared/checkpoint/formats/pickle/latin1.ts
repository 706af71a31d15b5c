/** Reads the bytes that a protocol 2 pickle stores as text. */
import { corrupt } from '../faults.ts';
import type { ByteSource } from '../source.ts';

const CHUNK = 1 << 20;

/** The bytes that a text in UTF-8 stands for, each written as the character of its number: how protocol 2 has bytes. */
export class Latin1Source implements ByteSource {
  readonly size: number;
  private readonly utf8: { readonly source: ByteSource; readonly offset: number; readonly length: number };

  constructor(utf8: { readonly source: ByteSource; readonly offset: number; readonly length: number }) {
    this.utf8 = utf8;
    let size = 0;
    // Every character begins with a byte that is not 10xxxxxx.
    for (const chunk of this.chunks()) for (const byte of chunk) if ((byte & 0xc0) !== 0x80) size += 1;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    if (offset < 0 || length < 0 || offset > this.size - length) throw corrupt('it ends before its contents do');
    const bytes = new Uint8Array(this.size);
    let at = 0;
    let lead = 0;
    for (const chunk of this.chunks()) {
      for (const byte of chunk) {
        const continues = (byte & 0xc0) === 0x80;
        if (continues !== lead > 0) throw notLatin1();
        if (continues) {
          bytes[at++] = ((lead & 3) << 6) | (byte & 0x3f);
          lead = 0;
        } else if (byte < 0x80) bytes[at++] = byte;
        else if (byte === 0xc2 || byte === 0xc3) lead = byte;
        else throw notLatin1();
      }
    }
    if (lead > 0) throw notLatin1();
    return bytes.subarray(offset, offset + length);
  }

  readInto(offset: number, target: Uint8Array): void {
    target.set(this.read(offset, target.length));
  }

  private *chunks(): Generator<Uint8Array> {
    const { source, offset, length } = this.utf8;
    for (let at = 0; at < length; at += CHUNK) yield source.read(offset + at, Math.min(CHUNK, length - at));
  }
}

function notLatin1() {
  return corrupt('bytes written as text hold a character that is no byte');
}
