import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import {
  eyeDistance,
  fitSimilarity,
  type Similarity,
  scalePoints,
  templatePoints,
  writeCropMatrix,
} from '../../shared/faces/align.ts';
import { addCrop } from '../../shared/faces/crop.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { floats, floatTensor } from '../../shared/onnx/runtime.ts';
import { openModel } from '../support/runtime.ts';

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const similarity: fc.Arbitrary<Similarity> = fc
  .record({
    scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
    angle: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
    tx: coordinate,
    ty: coordinate,
  })
  .map(({ scale, angle, tx, ty }) => ({ a: scale * Math.cos(angle), b: scale * Math.sin(angle), tx, ty }));

function apply({ a, b, tx, ty }: Similarity, points: Float64Array): Float64Array {
  return points.map((_, i) => {
    const [x, y] = [points[i & ~1]!, points[i | 1]!];
    return i % 2 === 0 ? a * x - b * y + tx : b * x + a * y + ty;
  });
}

const face = templatePoints('112', 112);

describe('the fitted similarity', () => {
  it('is the transform that moved the points', () => {
    fc.assert(
      fc.property(similarity, (truth) => {
        const fitted = fitSimilarity(face, apply(truth, face));
        const size = Math.hypot(truth.a, truth.b) * 112 + Math.abs(truth.tx) + Math.abs(truth.ty);
        for (const part of ['a', 'b', 'tx', 'ty'] as const) {
          expect(Math.abs(fitted[part] - truth[part])).toBeLessThan(1e-9 * size);
        }
      }),
    );
  });

  it('has the least squares of all similarities', () => {
    const noise = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 10, maxLength: 10 });
    const step = fc.double({ min: -0.01, max: 0.01, noNaN: true });
    fc.assert(
      fc.property(similarity, noise, fc.tuple(step, step, step, step), (truth, moved, [da, db, dx, dy]) => {
        const to = apply(truth, face).map((value, i) => value + moved[i]!);
        const error = (by: Similarity) => apply(by, face).reduce((sum, value, i) => sum + (value - to[i]!) ** 2, 0);
        const { a, b, tx, ty } = fitSimilarity(face, to);
        const best = error({ a, b, tx, ty });
        const other = error({ a: a + da, b: b + db, tx: tx + dx, ty: ty + dy });
        expect(best).toBeLessThanOrEqual(other + 1e-6 * (1 + other));
      }),
    );
  });

  it('never mirrors', () => {
    const mirrored = face.map((value, i) => (i % 2 === 0 ? -value : value));
    const { a, b } = fitSimilarity(face, mirrored);
    // The determinant of a similarity without reflection cannot be negative.
    expect(a * a + b * b).toBeLessThan(1);
  });

  it('of points that coincide is the move between the centres', () => {
    const from = new Float64Array(10).fill(3);
    const to = new Float64Array(10).fill(7);
    expect(fitSimilarity(from, to)).toEqual({ a: 1, b: 0, tx: 4, ty: 4 });
  });
});

describe('points', () => {
  it('of a template grow with the face', () => {
    expect(eyeDistance(templatePoints('112', 224))).toBeCloseTo(2 * eyeDistance(face), 9);
    expect(eyeDistance(templatePoints('150', 150))).toBeCloseTo(1.5227 * eyeDistance(face), 9);
  });

  it('follow an image that is resized and back', () => {
    const size = fc.record({ width: fc.integer({ min: 1, max: 2000 }), height: fc.integer({ min: 1, max: 2000 }) });
    fc.assert(
      fc.property(size, size, (from, to) => {
        const there = scalePoints(face, from, to);
        const back = scalePoints(there, to, from);
        back.forEach((value, i) => {
          expect(value).toBeCloseTo(face[i]!, 6);
        });
      }),
    );
  });

  it('at the outer edges of an image stay there', () => {
    const edges = Float64Array.of(-0.5, -0.5, 63.5, 31.5);
    const scaled = scalePoints(edges, { width: 64, height: 32 }, { width: 96, height: 8 });
    expect([...scaled]).toEqual([-0.5, -0.5, 95.5, 7.5]);
  });
});

/** Bilinear in float64, pixel centres at whole numbers, black outside. */
function sample(plane: Float32Array, width: number, height: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (u: number, v: number) => (u < 0 || v < 0 || u >= width || v >= height ? 0 : plane[v * width + u]!);
  const [fx, fy] = [x - left, y - top];
  return (
    (1 - fy) * ((1 - fx) * at(left, top) + fx * at(left + 1, top)) +
    fy * ((1 - fx) * at(left, top + 1) + fx * at(left + 1, top + 1))
  );
}

describe('the crop', () => {
  const [width, height, side] = [40, 28, 24];
  const image = new Float32Array(2 * 3 * width * height);
  new RandomState(4).uniform(0, 255, image);

  async function crop(transforms: readonly Similarity[]): Promise<Float32Array> {
    const graph = new GraphBuilder('crop');
    const x = graph.input('image', 'float32', ['n', 3, 'h', 'w']);
    const matrix = graph.input('matrix', 'float32', ['n', 2, 3]);
    graph.output('crops', addCrop(graph, x, matrix, side), 'float32', ['n', 3, side, side]);
    const matrices = new Float32Array(6 * transforms.length);
    transforms.forEach((transform, i) => {
      writeCropMatrix(matrices, i, transform, width, height);
    });
    const { crops } = await (await openModel(graph.model())).run(
      {
        image: floatTensor(image, [2, 3, height, width]),
        matrix: floatTensor(matrices, [2, 2, 3]),
      },
      ['crops'],
    );
    return floats(crops);
  }

  it.each<[string, Similarity]>([
    ['in place', { a: 1, b: 0, tx: 0, ty: 0 }],
    ['moved by parts of a pixel', { a: 1, b: 0, tx: 3.25, ty: -1.5 }],
    ['enlarged', { a: 0.4, b: 0, tx: 8, ty: 6 }],
    ['turned, shrunk, and half outside', { a: 1.1, b: 0.7, tx: -6.3, ty: 2.2 }],
  ])('%s is the float64 reference, for each image of a batch its own', async (_, transform) => {
    const transforms = [transform, { ...transform, tx: transform.tx + 2 }];
    const crops = await crop(transforms);
    let worst = 0;
    for (const [n, { a, b, tx, ty }] of transforms.entries()) {
      for (let c = 0; c < 3; c++) {
        const plane = image.subarray((n * 3 + c) * width * height, (n * 3 + c + 1) * width * height);
        for (let y = 0; y < side; y++) {
          for (let x = 0; x < side; x++) {
            const expected = sample(plane, width, height, a * x - b * y + tx, b * x + a * y + ty);
            worst = Math.max(worst, Math.abs(crops[((n * 3 + c) * side + y) * side + x]! - expected));
          }
        }
      }
    }
    expect(worst).toBeLessThan(0.02);
  });
});
