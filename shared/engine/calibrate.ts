/** Runs a few samples of a generator and finds out what its file does not say. */
import { pictureOfSize } from '../checkpoint/extents.ts';
import { buildPictureModel, type PictureGeometry, pictureGeometry } from '../checkpoint/picture.ts';
import { findRange, type RawValues } from '../checkpoint/range.ts';
import type { ReadGenerator } from '../checkpoint/read-generator.ts';
import type { CheckpointCard } from '../checkpoint/spec/card.ts';
import { LARGEST_SIDE, SMALLEST_SIDE } from '../checkpoint/spec/generator.ts';
import { RewoundError } from '../errors.ts';
import { eyeDistance } from '../faces/align.ts';
import { FACE_SCORE } from '../faces/detection.ts';
import type { FaceLocator, LocatedFace } from '../faces/locate.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import { type ExternalData, floats, type Model, type Runtime } from '../onnx/runtime.ts';
import type { Alignment, CalibrateRequest, Calibration } from './compute.ts';
import { firstLine, Sampler } from './generator.ts';
import { SampleEmbedder } from './samples.ts';

/** Samples whose raw values tell the range. */
const RANGE_SAMPLES = 32;
/** Samples whose landmarks tell where faces lie. */
const LANDMARK_SAMPLES = 256;
/** Bytes of weights that a built model holds in its own file, which is copied a few times on its way. */
const LARGEST_COPIED = 2 ** 20;
/**
 * Landmarks that spread by no more than this many eye distances are taken to be in one place: what is left is mostly
 * the landmark network's own error on small pictures, which the mean does not have.
 */
const FIXED_SPREAD = 0.1;
/** ... unless more than this share of the samples shows no face: then each is looked at. */
const FIXED_MISSING = 0.05;

/** Runs a few samples of a generator and finds out what its file does not say. */
export async function calibrate(
  { card, seed, batch }: CalibrateRequest,
  generator: ReadGenerator,
  beside: readonly ExternalData[],
  { runtime, locator, recognizers }: { runtime: Runtime; locator: FaceLocator; recognizers: readonly Recognizer[] },
  onSamples: (done: number) => void,
): Promise<Calibration> {
  const { spec, assumptions } = generator;
  const { model, weights } = generator.build(LARGEST_COPIED);
  const external = [...beside, ...weights.map(({ location, data }) => ({ path: location, data }))];
  const raw = await loadGenerator(runtime, model, external);
  const samples = Math.min(RANGE_SAMPLES, batch);
  onSamples(0);
  const first = await new Sampler(raw, spec).run(seed, samples, [spec.image.output]);
  await raw.release();
  onSamples(samples);
  const image = first[spec.image.output]!;
  const { width, height, channels } = pictureSize(image.dims, samples, spec.image.layout);
  const values = image.type === 'float32' ? floats(image) : Float32Array.from(image.data as Iterable<number>);
  if (!values.every(Number.isFinite)) {
    throw new RewoundError('GENERATOR_OUTPUT', 'The generator gives values that are not numbers (NaN or infinite).', {
      help: 'The weights are damaged or the latent is wrong: check the export and the latent in the card.',
    });
  }
  const { range, measured } = rangeOf(generator, card, { data: values, type: spec.image.type });

  const largest = Math.max(...recognizers.map(({ info }) => info.size));
  const geometry = pictureGeometry(width, height, channels, largest);
  const withCanvas = buildPictureModel(model, spec, range, geometry, { canvas: true });
  const pictures = await loadGenerator(runtime, withCanvas, external);
  const embedder = new SampleEmbedder(pictures, spec, geometry, locator);
  const faces: LocatedFace[] = [];
  for (let at = 0; at < LANDMARK_SAMPLES; at += batch) {
    const count = Math.min(batch, LANDMARK_SAMPLES - at);
    faces.push(...(await embedder.locate(seed + at, count)).faces);
    onSamples(faces.length);
  }
  const sampleMs = await timeSamples(embedder, recognizers, seed, Math.min(batch, LANDMARK_SAMPLES), () =>
    onSamples(faces.length),
  );
  await pictures.release();
  const found = faces.filter(({ score }) => score >= FACE_SCORE);
  const alignment = measureAlignment(found, faces.length - found.length, geometry);
  return {
    spec,
    range,
    assumptions: [...assumptions, ...measured],
    geometry,
    alignment,
    recognizers: recognizers.map(({ info }) => info),
    sampleMs,
    samples: faces.length,
    undetected: faces.length - found.length,
    model:
      alignment.mode === 'detected' ? withCanvas : buildPictureModel(model, spec, range, geometry, { canvas: false }),
    weights,
  };
}

/**
 * The range of a network that was read from weights is a part of what it is: its pictures may leave it, and are clipped
 * as its own tools do. Any other is looked for in the samples.
 */
function rangeOf({ contents, range }: ReadGenerator, card: CheckpointCard, values: RawValues) {
  if (contents.kind === 'weights' && range && !card.image?.range) return { range, measured: [] };
  const { range: fitting, assumption } = findRange(values, range);
  return { range: fitting, measured: [assumption] };
}

/** The faster of two runs of the whole way: the first one pays for what is done once. */
async function timeSamples(
  embedder: SampleEmbedder,
  recognizers: readonly Recognizer[],
  seed: number,
  count: number,
  onRun: () => void,
): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run++) {
    const start = performance.now();
    const { source, faces } = await embedder.locate(seed, count);
    const points = faces.map((face) => face.points);
    for (const recognizer of recognizers) await recognizer.embed(source, points);
    best = Math.min(best, performance.now() - start);
    onRun();
  }
  return best / count;
}

/** Opens a generator; what the runtime says against it is the user's to know. */
export async function loadGenerator(
  runtime: Runtime,
  model: Uint8Array,
  external: readonly ExternalData[],
): Promise<Model> {
  try {
    return await runtime.open('generate', model, external);
  } catch (cause) {
    if (cause instanceof RewoundError) throw cause;
    throw new RewoundError('CHECKPOINT_UNSUPPORTED', `The ONNX runtime does not load the model: ${firstLine(cause)}`, {
      help: 'Check the file with onnx.checker, and export it with standard operators only.',
      cause,
    });
  }
}

function pictureSize(dims: readonly number[], samples: number, layout: 'NCHW' | 'NHWC') {
  const [given = 0, a = 0, b = 0, c = 0] = dims;
  const [channels, height, width] = layout === 'NCHW' ? [a, b, c] : [c, a, b];
  if (dims.length !== 4 || (channels !== 1 && channels !== 3)) {
    throw new RewoundError('GENERATOR_OUTPUT', `The generator gives [${dims.join(', ')}], which is no picture.`, {
      help: 'A picture is [batch, 3, height, width] or [batch, height, width, 3], or has one channel.',
    });
  }
  if (given !== samples) {
    throw new RewoundError('GENERATOR_OUTPUT', `The generator gives ${given} pictures for ${samples} latents.`, {
      help: 'Check the size of the latent in the card, and that the model was exported with a free batch dimension.',
    });
  }
  if (Math.min(width, height) < SMALLEST_SIDE || Math.max(width, height) > LARGEST_SIDE) {
    throw pictureOfSize(width, height);
  }
  return { width, height, channels: channels === 1 ? (1 as const) : (3 as const) };
}

/** Median place of each landmark, and how far samples lie from it (median absolute deviation, scaled as a sigma). */
function measureAlignment(
  faces: readonly LocatedFace[],
  missing: number,
  { sourceWidth, sourceHeight }: PictureGeometry,
): Alignment {
  if (faces.length === 0) {
    // No face at all: the audit goes on and says so; the place is the middle of a usual portrait.
    const eyes = 0.25 * sourceWidth;
    const points = [0.375, 0.4, 0.625, 0.4, 0.5, 0.55, 0.4, 0.7, 0.6, 0.7].map(
      (share, i) => share * (i % 2 === 0 ? sourceWidth : sourceHeight),
    );
    return { mode: 'detected', points, spread: 0, eyeDistance: eyes };
  }
  const points = Array.from({ length: 10 }, (_, i) => median(faces.map((face) => face.points[i]!)));
  const eyes = eyeDistance(Float64Array.from(points));
  const deviations = points.map(
    (centre, i) => 1.4826 * median(faces.map((face) => Math.abs(face.points[i]! - centre))),
  );
  const spread = Math.sqrt(deviations.reduce((sum, value) => sum + value * value, 0) / deviations.length) / eyes;
  const fixed = spread <= FIXED_SPREAD && missing <= FIXED_MISSING * (faces.length + missing);
  return { mode: fixed ? 'fixed' : 'detected', points, spread, eyeDistance: eyes };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
