import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillCanvas, placeOnCanvas, resampleMatrix } from '../../shared/faces/resample.ts';

const extent = fc.integer({ min: 1, max: 300 });

describe('a resampling matrix', () => {
  it('gives each output sample weights that sum to one, and zeros outside', () => {
    fc.assert(
      fc.property(extent, extent, fc.nat(20), fc.nat(20), (from, size, before, after) => {
        const to = before + size + after;
        const matrix = resampleMatrix(from, size, to, before);
        expect(matrix).toHaveLength(to * from);
        expect(matrix.every((weight) => weight >= 0)).toBe(true);
        const sums = Float64Array.from({ length: to }, (_, i) =>
          matrix.subarray(i * from, (i + 1) * from).reduce((sum, weight) => sum + weight, 0),
        );
        const wrong = sums.findIndex((sum, i) => Math.abs(sum - (i < before || i >= before + size ? 0 : 1)) > 1e-5);
        expect(wrong).toBe(-1);
      }),
    );
  });

  it('of equal sizes changes nothing', () => {
    fc.assert(
      fc.property(extent, (size) => {
        const matrix = resampleMatrix(size, size);
        expect(matrix.every((weight, at) => weight === (at % (size + 1) === 0 ? 1 : 0))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('is symmetric: mirrored input, mirrored output', () => {
    fc.assert(
      fc.property(extent, extent, (from, to) => {
        const matrix = resampleMatrix(from, to);
        const mirrored = matrix.toReversed();
        const worst = matrix.reduce((most, weight, at) => Math.max(most, Math.abs(weight - mirrored[at]!)), 0);
        expect(worst).toBeLessThan(1e-6);
      }),
      { numRuns: 30 },
    );
  });

  it('averages when shrinking: every input sample counts', () => {
    const matrix = resampleMatrix(64, 8);
    for (let j = 0; j < 64; j++) {
      let total = 0;
      for (let i = 0; i < 8; i++) total += matrix[i * 64 + j]!;
      expect(total).toBeGreaterThan(0.05);
    }
  });
});

describe('the canvas', () => {
  it('holds the whole image, in the middle, with its proportions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (width, height) => {
        const place = placeOnCanvas(width, height);
        expect(place.side % 32).toBe(0);
        expect(place.side).toBeGreaterThanOrEqual(96);
        expect(place.side).toBeLessThanOrEqual(224);
        expect(place.left).toBeGreaterThanOrEqual(0);
        expect(place.top).toBeGreaterThanOrEqual(0);
        expect(Math.abs(place.side - place.width - 2 * place.left)).toBeLessThanOrEqual(1);
        expect(Math.abs(place.side - place.height - 2 * place.top)).toBeLessThanOrEqual(1);
        expect(Math.abs(place.width - width * place.scale)).toBeLessThanOrEqual(1);
        expect(Math.max(place.width, place.height)).toBe(Math.round(0.7 * place.side));
      }),
    );
  });

  it.each([
    [16, 96],
    [64, 96],
    [92, 160],
    [128, 192],
    [1024, 224],
  ])('for a picture of %d pixels has %d', (size, side) => {
    expect(placeOnCanvas(size, size).side).toBe(side);
  });

  it('can be given', () => {
    expect(placeOnCanvas(1000, 500, 416)).toMatchObject({ side: 416, width: 291, height: 146, left: 62, top: 135 });
  });

  it('is filled plane by plane, black around the image', () => {
    const place = { side: 4, scale: 1, width: 2, height: 1, left: 1, top: 2 };
    const canvas = new Float32Array(5 + 48);
    fillCanvas({ data: Uint8Array.of(1, 2, 3, 4, 5, 6) }, place, canvas, 5);
    const expected = new Float32Array(53);
    for (const [plane, left, right] of [
      [0, 1, 4],
      [1, 2, 5],
      [2, 3, 6],
    ] as const)
      expected.set([left, right], 5 + plane * 16 + 9);
    expect(canvas).toEqual(expected);
  });
});
