/** Reads and writes protobuf messages. */
import { RewoundError } from '../errors.ts';

/**
 * The protocol buffer wire format (protobuf.dev/programming-guides/encoding), as far as ONNX needs it. Reading is
 * zero-copy: length-delimited fields are views, so a model of gigabytes is walked without being copied.
 */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });

export type Field =
  | { readonly number: number; readonly wire: typeof VARINT; readonly value: bigint }
  | { readonly number: number; readonly wire: typeof BYTES; readonly bytes: Uint8Array }
  | { readonly number: number; readonly wire: typeof FIXED32 | typeof FIXED64; readonly bytes: Uint8Array };

function corrupt(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', message, {
    help: 'Copy or export the file again; it may have been cut short on the way.',
  });
}

/** The fields of one message in file order. Throws CHECKPOINT_CORRUPT where the bytes are no message. */
export function* readFields(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;

  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= message.length) throw corrupt('The file ends in the middle of a number.');
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw corrupt('The file holds a number longer than 64 bits.');
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || length > message.length - at) throw corrupt('The file is shorter than it says.');
    at += length;
    return message.subarray(at - length, at);
  };

  while (at < message.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    const wire = tag & 7;
    if (number < 1) throw corrupt('The file holds a field without a number.');
    if (wire === VARINT) yield { number, wire, value: varint() };
    else if (wire === BYTES) yield { number, wire, bytes: take(Number(varint())) };
    else if (wire === FIXED32) yield { number, wire, bytes: take(4) };
    else if (wire === FIXED64) yield { number, wire, bytes: take(8) };
    else throw corrupt('The file holds a field of an unknown type.');
  }
}

/** Text of a string field. */
export function text(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new RewoundError('CHECKPOINT_CORRUPT', 'The file holds a name that is not UTF-8.', {
      help: 'Export the model again.',
      cause,
    });
  }
}

/** Integers of a repeated field, packed or not. One at a time: a field may pack as many as the file has bytes. */
export function* integers(field: Field): Generator<bigint> {
  if (field.wire === VARINT) {
    yield field.value;
    return;
  }
  if (field.wire !== BYTES) throw corrupt('The file holds a list of the wrong type.');
  let value = 0n;
  let shift = 0n;
  for (const byte of field.bytes) {
    if (shift > 63n) throw corrupt('The file holds a number longer than 64 bits.');
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) {
      yield BigInt.asIntN(64, value);
      value = 0n;
      shift = 0n;
    }
  }
  if (shift !== 0n) throw corrupt('The file ends in the middle of a number.');
}

function varintBytes(value: bigint | number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

/** Writes one message; large byte fields are referenced until `finish` copies everything once. */
export class MessageWriter {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  private push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.length += bytes.length;
  }

  private tag(number: number, wire: number): void {
    this.push(varintBytes(number * 8 + wire));
  }

  int(number: number, value: number | bigint): this {
    this.tag(number, VARINT);
    this.push(varintBytes(value));
    return this;
  }

  float(number: number, value: number): this {
    this.tag(number, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.push(bytes);
    return this;
  }

  bytes(number: number, bytes: Uint8Array): this {
    this.tag(number, BYTES);
    this.push(varintBytes(bytes.length));
    this.push(bytes);
    return this;
  }

  string(number: number, value: string): this {
    return this.bytes(number, utf8Encoder.encode(value));
  }

  message(number: number, message: MessageWriter): this {
    this.tag(number, BYTES);
    this.push(varintBytes(message.length));
    for (const chunk of message.chunks) this.push(chunk);
    return this;
  }

  /** A field exactly as it was read. */
  copy(field: Field): this {
    if (field.wire === VARINT) return this.int(field.number, field.value);
    if (field.wire === BYTES) return this.bytes(field.number, field.bytes);
    this.tag(field.number, field.wire);
    this.push(field.bytes);
    return this;
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}
