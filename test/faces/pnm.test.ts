import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decodePnm, isPnm } from '../../shared/faces/pnm.ts';

const bytes = (header: string, ...data: number[]) => Uint8Array.from([...new TextEncoder().encode(header), ...data]);
const decoded = (file: Uint8Array) => {
  const { data, ...rest } = decodePnm(file);
  return { ...rest, data: [...data] };
};

describe('a netpbm image', () => {
  it.each([
    ['P2, text in grey', bytes('P2\n3 1\n255\n0 128 255\n'), 1, [0, 128, 255]],
    ['P3, text in colour', bytes('P3 1 2 255 1 2 3\t4 5\n6'), 3, [1, 2, 3, 4, 5, 6]],
    ['P5, bytes in grey', bytes('P5 3 1 255\n', 0, 10, 255), 1, [0, 10, 255]],
    ['P6, bytes in colour', bytes('P6\n1 1\n255\n', 9, 8, 7), 3, [9, 8, 7]],
    ['P5 whose first pixel looks like white space', bytes('P5 2 1 255\n', 10, 32), 1, [10, 32]],
    ['P5 of 16 bits', bytes('P5 3 1 65535\n', 0, 0, 128, 128, 255, 255), 1, [0, 128, 255]],
    ['P2 of 16 bits', bytes('P2 2 1 65535 65535 257'), 1, [255, 1]],
    ['few levels, scaled to 255', bytes('P5 4 1 3\n', 0, 1, 2, 3), 1, [0, 85, 170, 255]],
    ['values above the stated largest', bytes('P2 2 1 15 15 99'), 1, [255, 255]],
    ['comments between all numbers', bytes('P2 # a\n3 # b\n#c\n1\n# d\n255\n1 # e\n2 3'), 1, [1, 2, 3]],
  ])('%s', (_, file, channels, data) => {
    const { width, height } = decoded(file);
    expect(decoded(file)).toMatchObject({ channels, data });
    expect(width * height * channels).toBe(data.length);
    expect(isPnm(file)).toBe(true);
  });

  it.each(['P2', 'P3', 'P5', 'P6'])('is believed to be large only where there are as many bytes: %s', (kind) => {
    const allocated = vi.spyOn(globalThis, 'Uint8Array');
    try {
      expect(() => decodePnm(bytes(`${kind} 5000 5000 255 1`))).toThrow('cut short');
      expect(
        allocated.mock.calls.filter(([size]: readonly unknown[]) => typeof size === 'number' && size > 1000),
      ).toEqual([]);
    } finally {
      allocated.mockRestore();
    }
  });

  it.each([
    ['without pixels', bytes('P5 4 4 255\n')],
    ['cut short', bytes('P5 4 1 255\n', 1, 2, 3)],
    ['of 16 bits cut short', bytes('P5 2 1 65535\n', 1, 2, 3)],
    ['of text cut short', bytes('P2 4 1 255 1 2 3')],
    ['without a size', bytes('P5\n')],
    ['of no width', bytes('P5 0 4 255\n')],
    ['larger than any photo', bytes('P5 100000 100000 255\n', 1)],
    ['with a size of many digits', bytes('P5 99999999999999999999 1 255\n', 1)],
    ['with no levels', bytes('P5 1 1 0\n', 0)],
    ['with too many levels', bytes('P5 1 1 65536\n', 0, 0)],
    ['with a negative size', bytes('P5 -1 1 255\n', 0)],
  ])('%s is refused', (_, file) => {
    expect(() => decodePnm(file)).toThrow();
  });

  it('is told by its first bytes', () => {
    for (const other of ['P1 1 1 0', 'P4 1 1 0', 'P7\n', 'P5', 'PNG', '']) expect(isPnm(bytes(other))).toBe(false);
  });

  it('in text and in bytes is the same image', () => {
    const pixels = fc.integer({ min: 1, max: 8 }).chain((width) =>
      fc.integer({ min: 1, max: 8 }).chain((height) =>
        fc.record({
          width: fc.constant(width),
          height: fc.constant(height),
          largest: fc.integer({ min: 1, max: 65535 }),
          shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
            minLength: width * height * 3,
            maxLength: width * height * 3,
          }),
        }),
      ),
    );
    fc.assert(
      fc.property(pixels, ({ width, height, largest, shares }) => {
        const values = shares.map((share) => Math.floor(share * largest));
        const wide = values.flatMap((value) => (largest > 255 ? [value >> 8, value & 255] : [value]));
        const binary = decoded(bytes(`P6 ${width} ${height} ${largest}\n`, ...wide));
        expect(decoded(bytes(`P3 ${width} ${height} ${largest} ${values.join(' ')}`))).toEqual(binary);
        expect(binary.data).toEqual(values.map((value) => Math.round((value * 255) / largest)));
      }),
    );
  });

  it('of any bytes decodes or throws an Error', () => {
    const tail = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom('P2 ', 'P3 ', 'P5 ', 'P6 ', 'P5 2 2 '), tail, (head, rest) => {
        try {
          expect(decodePnm(bytes(head, ...rest)).data).toBeInstanceOf(Uint8Array);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
