import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elements, elementsOf, readSafetensors, tensorOf, writeSafetensors } from '../shared/safetensors.ts';

/** Written by the reference implementation, version 0.8. */
const REFERENCE = Buffer.from(
  '00010000000000007b225f5f6d657461646174615f5f223a7b2261223a2262222c226b223a2276227d2c2263223a7b226474797065223a22463634' +
    '222c227368617065223a5b305d2c22646174615f6f666673657473223a5b302c305d7d2c2261223a7b226474797065223a22463332222c22736861' +
    '7065223a5b312c325d2c22646174615f6f666673657473223a5b302c385d7d2c2268223a7b226474797065223a22463136222c227368617065223a' +
    '5b315d2c22646174615f6f666673657473223a5b382c31305d7d2c2262223a7b226474797065223a225538222c227368617065223a5b335d2c2264' +
    '6174615f6f666673657473223a5b31302c31335d7d7d2020202020200000c03f000000c0003c000102',
  'hex',
);

const tensors = {
  b: tensorOf('U8', Uint8Array.of(0, 1, 2)),
  a: tensorOf('F32', Float32Array.of(1.5, -2), [1, 2]),
  c: tensorOf('F64', new Float64Array(0)),
  h: tensorOf('F16', Uint16Array.of(0x3c00)),
};

describe('a safetensors file', () => {
  it('is written as the reference implementation writes it, to the byte', () => {
    expect(Buffer.from(writeSafetensors(tensors, { k: 'v', a: 'b' })).toString('hex')).toBe(REFERENCE.toString('hex'));
  });

  it('is read as the reference implementation wrote it', () => {
    const file = readSafetensors(REFERENCE);
    expect(file.metadata).toEqual(new Map(Object.entries({ k: 'v', a: 'b' })));
    expect(file.tensors.get('a')?.shape).toEqual([1, 2]);
    expect(elementsOf(file, 'a', 'F32')).toEqual(Float32Array.of(1.5, -2));
    expect(elementsOf(file, 'b', 'U8')).toEqual(Uint8Array.of(0, 1, 2));
    expect(elementsOf(file, 'c', 'F64')).toEqual(new Float64Array(0));
    expect(elementsOf(file, 'h', 'F16')).toEqual(Uint16Array.of(0x3c00));
  });

  it('holds every type', () => {
    const every = {
      f64: tensorOf('F64', Float64Array.of(Math.PI, -0)),
      f32: tensorOf('F32', Float32Array.of(0.1)),
      f16: tensorOf('F16', Uint16Array.of(1, 2)),
      bf16: tensorOf('BF16', Uint16Array.of(3)),
      i64: tensorOf('I64', BigInt64Array.of(-(2n ** 63n))),
      i32: tensorOf('I32', Int32Array.of(-5)),
      u32: tensorOf('U32', Uint32Array.of(2 ** 32 - 1)),
      i16: tensorOf('I16', Int16Array.of(-300)),
      u16: tensorOf('U16', Uint16Array.of(65535)),
      i8: tensorOf('I8', Int8Array.of(-1)),
      u8: tensorOf('U8', Uint8Array.of(255)),
      bool: tensorOf('BOOL', Uint8Array.of(1, 0)),
      scalar: tensorOf('F32', Float32Array.of(7), []),
    };
    const read = readSafetensors(writeSafetensors(every));
    for (const [name, tensor] of Object.entries(every)) {
      expect(elements(read.tensors.get(name)!)).toEqual(elements(tensor));
    }
  });

  it('is the same whatever order its tensors come in', () => {
    const reversed = Object.fromEntries(Object.entries(tensors).reverse());
    expect(writeSafetensors(reversed)).toEqual(writeSafetensors(tensors));
  });

  it('is viewed in place where it lies aligned, and copied where not', () => {
    const file = writeSafetensors(tensors);
    expect(elementsOf(readSafetensors(file), 'a', 'F32').buffer).toBe(file.buffer);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    const values = elementsOf(readSafetensors(shifted.subarray(1)), 'a', 'F32');
    expect(values).toEqual(Float32Array.of(1.5, -2));
    expect(values.buffer).not.toBe(shifted.buffer);
  });

  it('is not written with a tensor that is not as long as its shape', () => {
    expect(() => writeSafetensors({ a: tensorOf('U8', Uint8Array.of(1), [2]) })).toThrow(RangeError);
    expect(() => writeSafetensors({ __metadata__: tensorOf('U8', Uint8Array.of(1)) })).toThrow(RangeError);
  });

  it('lacks what it lacks, by name', () => {
    const file = readSafetensors(REFERENCE);
    expect(() => elementsOf(file, 'z', 'F32')).toThrow(/"z" is missing/);
    expect(() => elementsOf(file, 'a', 'F64')).toThrow(/"a" is F32, not F64/);
  });
});

describe('bad bytes', () => {
  const entry = (shape: unknown, span: unknown, dtype: unknown = 'U8') => ({ dtype, shape, data_offsets: span });
  it.each([
    ['a header that is an array', [], 0],
    ['an entry that is no object', { a: 3 }, 0],
    ['an entry without a field', { a: { dtype: 'U8', shape: [1] } }, 1],
    ['an unknown type', { a: entry([1], [0, 1], 'F8') }, 1],
    ['a type that is a property of every object', { a: entry([1], [0, 1], 'constructor') }, 1],
    ['a negative size', { a: entry([-1], [0, 1]) }, 1],
    ['a fractional size', { a: entry([0.5], [0, 1]) }, 1],
    ['a size beyond exact numbers', { a: entry([2 ** 53], [0, 1]) }, 1],
    ['sizes whose product overflows', { a: entry([2 ** 40, 2 ** 40], [0, 1]) }, 1],
    ['a tensor longer than its shape', { a: entry([1], [0, 2]) }, 2],
    ['a tensor beyond the end', { a: entry([2], [0, 2]) }, 1],
    ['offsets that run backwards', { a: entry([1], [1, 0]) }, 1],
    ['three offsets', { a: entry([1], [0, 1, 1]) }, 1],
    ['tensors that overlap', { a: entry([2], [0, 2]), b: entry([2], [1, 3]) }, 3],
    ['two tensors in one place', { a: entry([1], [0, 1]), b: entry([1], [0, 1]) }, 1],
    ['a hole between tensors', { a: entry([1], [0, 1]), b: entry([1], [2, 3]) }, 3],
    ['bytes before the first tensor', { a: entry([1], [1, 2]) }, 2],
    ['bytes left over', { a: entry([1], [0, 1]) }, 2],
    ['bytes and no tensor', {}, 1],
    ['metadata that is no map', { __metadata__: 'x' }, 0],
    ['metadata that is not of strings', { __metadata__: { a: 1 } }, 0],
  ])('are refused: %s', (_, header, room) => {
    expect(() => readSafetensors(fileOf(JSON.stringify(header), room))).toThrow(corrupt);
  });

  it.each([
    ['no JSON', '{"a":'],
    ['text after the object', '{} x'],
    ['padding that is not spaces', '{}\t'],
    ['space before the object', ' {}'],
    ['nothing', ''],
  ])('are refused: a header with %s', (_, json) => {
    expect(() => readSafetensors(fileOf(json, 0))).toThrow(corrupt);
  });

  it('are refused: text that is not UTF-8', () => {
    const file = fileOf('{"a":{}}', 0);
    file[10] = 0xff;
    expect(() => readSafetensors(file)).toThrow(corrupt);
  });

  it('are refused: a name given twice, whose first tensor would be lost', () => {
    const one = '{"dtype":"U8","shape":[1],"data_offsets":';
    expect(() => readSafetensors(fileOf(`{"a":${one}[0,1]},"a":${one}[1,2]}}`, 2))).toThrow(corrupt);
  });

  it('are refused before anything is read: a header longer than the limit, or than the file', () => {
    const file = new Uint8Array(64);
    new DataView(file.buffer).setBigUint64(0, 2n ** 63n, true);
    expect(() => readSafetensors(file)).toThrow(/longer than 33554432/);
    new DataView(file.buffer).setBigUint64(0, 57n, true);
    expect(() => readSafetensors(file)).toThrow(/ends within its header/);
  });

  it('are refused wherever the file is cut', () => {
    for (let length = 0; length < REFERENCE.length; length++) {
      expect(() => readSafetensors(REFERENCE.subarray(0, length))).toThrow(corrupt);
    }
  });

  it('never cause any other error', () => {
    fc.assert(
      fc.property(fc.nat(REFERENCE.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Uint8Array.from(REFERENCE);
        damaged[at] = byte;
        try {
          for (const tensor of readSafetensors(damaged).tensors.values()) elements(tensor);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' });

function fileOf(json: string, room: number): Uint8Array {
  const header = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + header.length + room);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}
