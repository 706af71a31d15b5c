import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { readOnnxGenerator } from '../../shared/checkpoint/onnx.ts';
import {
  buildPictureModel,
  PICTURE_OUTPUTS,
  type PictureGeometry,
  pictureGeometry,
} from '../../shared/checkpoint/picture.ts';
import type { CheckpointCard } from '../../shared/checkpoint/spec/card.ts';
import { Sampler } from '../../shared/engine/generator.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { floats } from '../../shared/onnx/runtime.ts';
import { openModel } from '../support/runtime.ts';
import { asOpset, type TinyOptions, tinyGenerator } from '../support/tiny-generator.ts';

const ALL = Object.values(PICTURE_OUTPUTS);

/** Runs a generator with the picture graph appended, for seeds `first` ... */
async function pictures(
  model: Uint8Array,
  {
    seed = 7,
    count = 6,
    card = {},
    range = [-1, 1],
    geometry = pictureGeometry(32, 32, 3, 150),
  }: {
    seed?: number;
    count?: number;
    card?: CheckpointCard;
    range?: readonly [number, number];
    geometry?: PictureGeometry;
  } = {},
): Promise<Record<string, Float32Array>> {
  const { spec } = readOnnxGenerator(model, card);
  const extended = await openModel(buildPictureModel(model, spec, range, geometry, { canvas: true }));
  const made = await new Sampler(extended, spec).run(seed, count, ALL);
  return Object.fromEntries(
    Object.entries(made).map(([name, tensor]) => [name.slice('rewound/'.length), floats(tensor)]),
  );
}

const tiny = (options: TinyOptions) => pictures(tinyGenerator(options), options.range ? { range: options.range } : {});

/** A "generator" whose every sample is this picture. */
function still(values: Float32Array, [channels, height, width]: readonly [number, number, number]): Uint8Array {
  const graph = new GraphBuilder('still');
  const z = graph.input('z', 'float32', ['n', 8]);
  const nothing = graph.op('Reshape', [
    graph.op('Mul', [graph.op('ReduceMax', [z], { axes: [1], keepdims: 1 }), graph.scalar(0)]),
    graph.ints([-1, 1, 1, 1]),
  ]);
  const image = graph.op('Add', [nothing, graph.weight(values, [1, channels, height, width])]);
  graph.output('image', image, 'float32', ['n', channels, height, width]);
  return graph.model();
}

describe('the picture', () => {
  it.each<[string, TinyOptions]>([
    ['insists on single samples', { batch: 1 }],
    ['insists on batches of four', { batch: 4 }],
    ['insists on a larger batch than there are samples', { batch: 16 }],
    ['has its latent in more dimensions', { latent: [8, 1, 1] }],
    ['does not say its size', { size: ['h', 'w'] }],
  ])('is the same where the model %s', async (_, options) => {
    const { picture } = await tiny(options);
    expect(picture).toEqual((await tiny({})).picture);
  });

  it('of interleaved colours is that of planes', async () => {
    const planes = new Float32Array(3 * 16 * 24);
    new RandomState(1).uniform(0, 255, planes);
    const interleaved = planes.map((_, i) => planes[(i % 3) * 16 * 24 + Math.floor(i / 3)]!);
    const geometry = pictureGeometry(24, 16, 3, 150);
    const options = { count: 2, range: [0, 255] as const, geometry };
    const nchw = await pictures(still(planes, [3, 16, 24]), options);
    const asNhwc = still(interleaved, [16, 24, 3]);
    const nhwc = await pictures(asNhwc, { ...options, card: { image: { layout: 'NHWC' } } });
    expect(nhwc).toEqual(nchw);
  });

  it('of one channel has it in all three colours', async () => {
    const model = tinyGenerator({ channels: 1 });
    const { picture } = await pictures(model, { geometry: pictureGeometry(32, 32, 1, 150), count: 1 });
    const [red, green, blue] = [0, 1, 2].map((c) => picture!.subarray(c * 1024, (c + 1) * 1024));
    expect(green).toEqual(red);
    expect(blue).toEqual(red);
    expect(new Set(red).size).toBeGreaterThan(20);
  });

  it.each<TinyOptions>([
    { type: 'float64' },
    { range: [0, 1] },
    { range: [0, 255] },
    { range: [-0.5, 0.5] },
    { range: [0, 255], type: 'uint8' },
    { type: 'float16' },
  ])('is the same, to one level, whatever the values are: %j', async (options) => {
    const { picture } = await tiny(options);
    const reference = (await tiny({})).picture!;
    expect(picture!.reduce((worst, value, i) => Math.max(worst, Math.abs(value - reference[i]!)), 0)).toBeLessThan(2);
  });

  it('is rounded as image files are saved, and clipped', async () => {
    const values = Float32Array.from({ length: 3 * 256 }, (_, i) => -20 + i * 0.375);
    values.set([0.4999, 0.5, 1.4999, 1.5, 254.4999, 254.5, 255.4, 1e30, -1e30]);
    const { picture } = await pictures(still(values, [3, 16, 16]), {
      count: 1,
      range: [0, 255],
      geometry: pictureGeometry(16, 16, 3, 150),
    });
    const saved = values.map((value) => Math.min(255, Math.max(0, Math.floor(Math.fround(value + 0.5)))));
    expect(picture).toEqual(saved);
  });

  it.each([7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17])('is the same in a model of operator set %d', async (opset) => {
    const model = asOpset(tinyGenerator(), opset, opset < 9 ? 3 : 8);
    const made = await pictures(model);
    expect(made).toEqual(await tiny({}));
  });
});

describe('what is said of the raw values', () => {
  it('are their extremes over the batch', async () => {
    const values = new Float32Array(3 * 256).fill(0.25);
    values.set([-0.75, 0.875], 100);
    const made = await pictures(still(values, [3, 16, 16]), { geometry: pictureGeometry(16, 16, 3, 150) });
    expect([made.least![0], made.greatest![0], made.finite![0]]).toEqual([-0.75, 0.875, 0]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('betrays a single %d', async (bad) => {
    const values = new Float32Array(3 * 256);
    values[300] = bad;
    const made = await pictures(still(values, [3, 16, 16]), { geometry: pictureGeometry(16, 16, 3, 150) });
    expect(made.finite![0]).not.toBe(0);
  });
});

/** Triangle filter in float64, widened when shrinking: the textbook form of the resize. */
function resized(source: Float64Array, from: number, to: number): Float64Array {
  const [step, radius] = [from / to, Math.max(1, from / to)];
  return Float64Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * step - 0.5;
    let [sum, total] = [0, 0];
    for (let j = 0; j < from; j++) {
      const weight = Math.max(0, 1 - Math.abs(j - centre) / radius);
      sum += weight * source[j]!;
      total += weight;
    }
    return sum / total;
  });
}

function resizedPlane(plane: Float32Array, [height, width]: readonly number[], [toHeight, toWidth]: readonly number[]) {
  const wide = Array.from({ length: height! }, (_, y) =>
    resized(Float64Array.from(plane.subarray(y * width!, (y + 1) * width!)), width!, toWidth!),
  );
  const columns = Array.from({ length: toWidth! }, (_, x) =>
    resized(
      Float64Array.from(wide, (row) => row[x]!),
      height!,
      toHeight!,
    ),
  );
  return (y: number, x: number) => columns[x]![y]!;
}

describe('resizing', () => {
  it.each([
    ['a small picture to a larger canvas', 48, 32, 150],
    ['a large picture to a source and a canvas', 310, 400, 112],
    ['a picture of the canvas size', 224, 224, 150],
  ])('brings %s as a float64 reference does', async (_, width, height, faceSize) => {
    const geometry = pictureGeometry(width, height, 3, faceSize);
    const values = new Float32Array(3 * width * height);
    new RandomState(5).uniform(0, 255, values);
    const { picture, source, canvas } = await pictures(still(values, [3, height, width]), {
      count: 1,
      range: [0, 255],
      geometry,
    });
    const { sourceWidth, sourceHeight, canvas: place } = geometry;
    const reference = resizedPlane(picture!.subarray(0, width * height), [height, width], [sourceHeight, sourceWidth]);
    const plane = new Float32Array(sourceWidth * sourceHeight);
    let worst = 0;
    for (let y = 0; y < sourceHeight; y++) {
      for (let x = 0; x < sourceWidth; x++) {
        plane[y * sourceWidth + x] = source![y * sourceWidth + x]!;
        worst = Math.max(worst, Math.abs(reference(y, x) - plane[y * sourceWidth + x]!));
      }
    }
    expect(worst).toBeLessThan(1e-3);

    const small = resizedPlane(plane, [sourceHeight, sourceWidth], [place.height, place.width]);
    worst = 0;
    for (let y = 0; y < place.side; y++) {
      for (let x = 0; x < place.side; x++) {
        const [v, u] = [y - place.top, x - place.left];
        const inside = v >= 0 && u >= 0 && v < place.height && u < place.width;
        worst = Math.max(worst, Math.abs(canvas![y * place.side + x]! - (inside ? small(v, u) : 0)));
      }
    }
    expect(worst).toBeLessThan(1e-3);
  });

  it('never enlarges a picture, and shrinks only what the recognizer cannot see', () => {
    expect(pictureGeometry(64, 64, 3, 150)).toMatchObject({ sourceWidth: 64, sourceHeight: 64 });
    expect(pictureGeometry(1024, 512, 3, 150)).toMatchObject({ sourceWidth: 255, sourceHeight: 128 });
  });
});
