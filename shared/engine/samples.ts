/** Turns seeds into embeddings of faces. */
import type { Tensor } from 'onnxruntime-node';
import { PICTURE_OUTPUTS, type PictureGeometry } from '../checkpoint/picture.ts';
import type { GeneratorSpec } from '../checkpoint/spec/generator.ts';
import { RewoundError } from '../errors.ts';
import type { Points } from '../faces/align.ts';
import { FACE_SCORE } from '../faces/detection.ts';
import type { FaceLocator, LocatedFace } from '../faces/locate.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import { floats, type Model } from '../onnx/runtime.ts';
import type { Alignment } from './compute.ts';
import { Sampler } from './generator.ts';

/** Samples with their faces' embeddings. */
export interface EmbeddedSamples {
  /** For each recognizer f32 [n, d]; zero rows where no face was found. */
  readonly embeddings: readonly Float32Array[];
  /** [n] 1 where a face was found; undefined where samples are not looked at one by one. */
  readonly faceFound?: Uint8Array;
}

/** From seeds to embeddings: generate, find the face, cut it out, embed it. */
export class SampleEmbedder {
  private readonly sampler: Sampler;
  private readonly geometry: PictureGeometry;
  private readonly locator: FaceLocator;

  constructor(model: Model, spec: GeneratorSpec, geometry: PictureGeometry, locator: FaceLocator) {
    this.sampler = new Sampler(model, spec);
    this.geometry = geometry;
    this.locator = locator;
  }

  /** Generates samples and finds their faces. Throws GENERATOR_OUTPUT where a value is not a number. */
  async locate(
    firstSeed: number,
    count: number,
  ): Promise<{ source: Tensor; faces: LocatedFace[]; least: number; greatest: number }> {
    const { source, canvas, least, greatest, finite } = PICTURE_OUTPUTS;
    const made = await this.sampler.run(firstSeed, count, [source, canvas, least, greatest, finite]);
    checkFinite(made, firstSeed, count);
    const placements = new Array(count).fill(this.geometry.canvas);
    const faces = await this.locator.locate(made[source]!, made[canvas]!, placements);
    return {
      source: made[source]!,
      faces,
      least: Math.min(...floats(made[least])),
      greatest: Math.max(...floats(made[greatest])),
    };
  }

  /** Generates samples and embeds their faces with each recognizer. */
  async embed(
    firstSeed: number,
    count: number,
    alignment: Alignment,
    recognizers: readonly Recognizer[],
  ): Promise<EmbeddedSamples> {
    if (alignment.mode === 'fixed') {
      const { source, finite } = PICTURE_OUTPUTS;
      const made = await this.sampler.run(firstSeed, count, [source, finite]);
      checkFinite(made, firstSeed, count);
      const points: Points = Float64Array.from(alignment.points);
      return { embeddings: await embedAll(recognizers, made[source]!, new Array<Points>(count).fill(points)) };
    }
    const { source, faces } = await this.locate(firstSeed, count);
    const faceFound = Uint8Array.from(faces, ({ score }) => (score >= FACE_SCORE ? 1 : 0));
    const embeddings = await embedAll(
      recognizers,
      source,
      faces.map(({ points }) => points),
    );
    for (const values of embeddings) {
      const length = values.length / count;
      faceFound.forEach((found, i) => {
        if (!found) values.fill(0, i * length, (i + 1) * length);
      });
    }
    return { embeddings, faceFound };
  }
}

/** One after another: each uses all cores. */
async function embedAll(recognizers: readonly Recognizer[], source: Tensor, points: readonly Points[]) {
  const embeddings: Float32Array[] = [];
  for (const recognizer of recognizers) embeddings.push(await recognizer.embed(source, points));
  return embeddings;
}

function checkFinite(made: Readonly<Record<string, Tensor>>, firstSeed: number, count: number): void {
  if (floats(made[PICTURE_OUTPUTS.finite]).every((value) => value === 0)) return;
  throw new RewoundError(
    'GENERATOR_OUTPUT',
    `The generator gives values that are not numbers (NaN or infinite) for seeds ${firstSeed} to ${firstSeed + count - 1}.`,
    {
      help: 'The weights are damaged or the latent is wrong: check the export and the latent distribution in the card.',
    },
  );
}
