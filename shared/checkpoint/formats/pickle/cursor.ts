/** Reads a part of a file from front to end, through a window. */
import { corrupt } from '../faults.ts';
import type { ByteSource } from '../source.ts';
import { LIMITS } from './limits.ts';
import { Bytes } from './values.ts';

/** Enough for thousands of opcodes, and little to lose where a long string is skipped. */
const WINDOW = 1 << 14;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a part of a file from front to end, through a window; long strings are stepped over. */
export class Cursor {
  private readonly source: ByteSource;
  private readonly end: number;
  private window: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.window.buffer);
  /** Place of the window in the file. */
  private begin: number;
  private next = 0;

  constructor(source: ByteSource, begin: number, end: number) {
    this.source = source;
    this.begin = begin;
    this.end = end;
  }

  /** Place in the file of the next byte. */
  get offset(): number {
    return this.begin + this.next;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    const at = this.advance(1);
    return this.view.getUint8(at);
  }

  u16(): number {
    const at = this.advance(2);
    return this.view.getUint16(at, true);
  }

  i32(): number {
    const at = this.advance(4);
    return this.view.getInt32(at, true);
  }

  u32(): number {
    const at = this.advance(4);
    return this.view.getUint32(at, true);
  }

  /** A length in eight bytes. */
  u64(): number {
    const at = this.advance(8);
    const value = this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw this.ended();
    return value;
  }

  f64(): number {
    const at = this.advance(8);
    return this.view.getFloat64(at, false);
  }

  /** The next bytes, without reading them. */
  range(length: number): Bytes {
    if (length < 0 || length > this.remaining) throw this.ended();
    const bytes = new Bytes(this.source, this.offset, length);
    if (length <= this.window.length - this.next) this.next += length;
    else this.seek(bytes.offset + length);
    return bytes;
  }

  /** The next bytes; no more than `LIMITS.text`. */
  bytes(length: number): Uint8Array {
    if (length > LIMITS.text) throw corrupt(`a text of ${length} bytes at byte ${this.offset} is too long`);
    const at = this.advance(length);
    return this.window.subarray(at, at + length);
  }

  /** The next bytes as text; no more than `LIMITS.text`. */
  utf8(length: number): string {
    const at = this.offset;
    try {
      return utf8.decode(this.bytes(length));
    } catch (cause) {
      if (cause instanceof TypeError) throw corrupt(`the text at byte ${at} is not UTF-8`, cause);
      throw cause;
    }
  }

  /** Bytes up to the end of the line, which is read and dropped, each as one character. */
  line(): string {
    const begin = this.offset;
    let text = '';
    for (;;) {
      if (this.next === this.window.length) this.fill(1);
      const rest = this.window.subarray(this.next);
      const stop = rest.indexOf(0x0a);
      const piece = stop < 0 ? rest : rest.subarray(0, stop);
      if (text.length + piece.length > LIMITS.line) throw corrupt(`the line at byte ${begin} is too long`);
      text += latin1(piece);
      this.next += piece.length;
      if (stop >= 0) {
        this.next += 1;
        return text;
      }
    }
  }

  private seek(offset: number): void {
    this.begin = offset;
    this.next = 0;
    this.window = this.window.subarray(0, 0);
  }

  /** Moves on by `length`, and returns where in the window these bytes are. */
  private advance(length: number): number {
    if (length > this.window.length - this.next) this.fill(length);
    const at = this.next;
    this.next += length;
    return at;
  }

  private fill(length: number): void {
    if (length > this.remaining) throw this.ended();
    const begin = this.offset;
    this.window = this.source.read(begin, Math.min(Math.max(WINDOW, length), this.end - begin));
    this.view = new DataView(this.window.buffer, this.window.byteOffset, this.window.byteLength);
    this.begin = begin;
    this.next = 0;
  }

  private ended() {
    return corrupt(`it ends within what begins at byte ${this.offset}`);
  }
}

/** Each byte as the character of its number. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
