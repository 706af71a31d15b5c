/** Loads the weights of the networks that come with a package. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z
  .array(
    z.object({
      paths: z.array(z.string()).length(1),
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.int().min(1)),
          dtype: z.literal('float32'),
          quantization: z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }).optional(),
        }),
      ),
    }),
  )
  .length(1);

export interface Weight {
  /** In the package's own order: convolutions are [height, width, in, out]. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Names the networks that `@vladmandic/face-api` carries and Rewound uses. */
export type NetworkName = 'tiny_face_detector' | 'face_landmark_68' | 'face_recognition';

/** The weights of one network by name, dequantised (value = byte * scale + min). */
export async function loadWeights(network: NetworkName): Promise<ReadonlyMap<string, Weight>> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'model');
  const manifest = manifestSchema.parse(
    JSON.parse(await readFile(join(folder, `${network}_model-weights_manifest.json`), 'utf8')),
  )[0]!;
  const file = await readFile(join(folder, manifest.paths[0]!));
  const weights = new Map<string, Weight>();
  let at = 0;
  for (const { name, shape, quantization } of manifest.weights) {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const data = new Float32Array(length);
    if (quantization) {
      for (let i = 0; i < length; i++) data[i] = file[at + i]! * quantization.scale + quantization.min;
      at += length;
    } else {
      for (let i = 0; i < length; i++) data[i] = file.readFloatLE(at + 4 * i);
      at += 4 * length;
    }
    weights.set(name, { shape, data });
  }
  return weights;
}

/** The weight `name`, which the network must have. */
export function weightOf(weights: ReadonlyMap<string, Weight>, name: string): Weight {
  const weight = weights.get(name);
  if (!weight) throw new Error(`face network weight ${name} is missing`);
  return weight;
}
