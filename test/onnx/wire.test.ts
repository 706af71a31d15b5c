import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Field, integers, MessageWriter, readFields, text } from '../../shared/onnx/wire.ts';

const number = fc.integer({ min: 1, max: 2 ** 29 - 1 });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ number, wire: fc.constant(0 as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ number, wire: fc.constant(2 as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ number, wire: fc.constant(5 as const), bytes: bytesOf(4) }),
  fc.record({ number, wire: fc.constant(1 as const), bytes: bytesOf(8) }),
);

function write(fields: readonly Field[]): Uint8Array {
  const writer = new MessageWriter();
  for (const one of fields) writer.copy(one);
  return writer.finish();
}

/** Plain copies, so that views and arrays compare by content. */
const plain = (fields: Iterable<Field>) =>
  Array.from(fields, (one) => (one.wire === 0 ? one : { ...one, bytes: [...one.bytes] }));

const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' });

describe('the wire format', () => {
  it('reads back every field as it was written, in order', () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        expect(plain(readFields(write(fields)))).toEqual(plain(fields));
      }),
    );
  });

  it('writes a message inside a message as its bytes', () => {
    fc.assert(
      fc.property(fc.array(field), number, (fields, outer) => {
        const inner = new MessageWriter();
        for (const one of fields) inner.copy(one);
        const nested = new MessageWriter().message(outer, inner).finish();
        expect(nested).toEqual(new MessageWriter().bytes(outer, write(fields)).finish());
      }),
    );
  });

  it('keeps text of any language', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const [one] = readFields(new MessageWriter().string(3, value).finish());
        expect(one?.wire === 2 && text(one.bytes)).toBe(value);
      }),
    );
  });

  it('reads a list of integers packed or not', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const apart = new MessageWriter();
        for (const value of values) apart.int(1, value);
        const unpacked = [...readFields(apart.finish())].flatMap((one) => [...integers(one)]);
        // A packed list is the values without their tags, which are one byte here.
        const packed = values.flatMap((value) => [...new MessageWriter().int(1, value).finish().subarray(1)]);
        expect(unpacked).toEqual(values);
        expect([...integers({ number: 1, wire: 2, bytes: Uint8Array.from(packed) })]).toEqual(values);
      }),
    );
  });

  it('reads a packed list as far as it is asked for, and keeps none of it', () => {
    const list = integers({ number: 1, wire: 2, bytes: Uint8Array.of(1, 2, 0x80) });
    expect([list.next().value, list.next().value]).toEqual([1n, 2n]);
    // Where it is cut is noticed when it is read.
    expect(() => list.next()).toThrow(corrupt);
  });

  it('writes floats as 32-bit numbers', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const [one] = readFields(new MessageWriter().float(2, value).finish());
        expect(one?.wire === 5 && new DataView(one.bytes.slice().buffer).getFloat32(0, true)).toBe(value);
      }),
    );
  });
});

describe('damaged bytes', () => {
  it('give fields or CHECKPOINT_CORRUPT, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const one of readFields(bytes)) if (one.wire === 2) Array.from(integers(one));
        } catch (error) {
          expect(error).toEqual(corrupt);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a number that does not end', [0x08, 0x80]],
    ['a number of more than 64 bits', [0x08, ...new Array(10).fill(0xff), 0x01]],
    ['a field longer than the rest', [0x12, 0x05, 0x00]],
    ['a field longer than any file', [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a fixed field cut short', [0x0d, 0x00]],
    ['field number zero', [0x00, 0x00]],
    ['a group, which protocol buffers gave up', [0x0b]],
  ])('%s is CHECKPOINT_CORRUPT', (_, bytes) => {
    expect(() => [...readFields(Uint8Array.from(bytes))]).toThrow(corrupt);
  });

  it('text that is not UTF-8 is CHECKPOINT_CORRUPT', () => {
    expect(() => text(Uint8Array.of(0xc3, 0x28))).toThrow(corrupt);
  });

  it('a packed list cut in the middle of a number is CHECKPOINT_CORRUPT', () => {
    const cut = { number: 1, wire: 2, bytes: Uint8Array.of(0x01, 0x80) } as const;
    expect(() => [...integers(cut)]).toThrow(corrupt);
  });
});
