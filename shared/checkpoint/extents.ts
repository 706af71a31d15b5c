/** Bounds of the shapes that an ONNX model states, checked before anything is allocated or run by them. */

import { RewoundError } from '../errors.ts';
import { corrupt, unsupported } from './formats/faults.ts';
import { LARGEST_SIDE, SMALLEST_SIDE } from './spec/generator.ts';

/** Samples that a model may insist on making at once: as many as --batch takes. */
const MOST_BATCH = 1024;
/** Values of one latent; StyleGAN's largest has 9216. */
const MOST_LATENT = 2 ** 20;
/** Values of the latents that are given at once. */
const MOST_GIVEN = 2 ** 24;
/** Dimensions of an input, beyond those of any network. */
const MOST_DIMENSIONS = 8;
/** More than any data set of pictures has. */
const MOST_CLASSES = 2 ** 20;

export type Extent = number | string;

/**
 * The extent a model fixes, or undefined where it leaves it free: by a name, by nothing, or by zero or a negative number,
 * as some exporters write it.
 */
export function fixedExtent(extent: Extent | undefined): number | undefined {
  return typeof extent === 'number' && extent > 0 ? extent : undefined;
}

/** @throws CHECKPOINT_CORRUPT where the shapes of weights multiply to what no file holds. */
export function checkParameters(parameters: number): void {
  if (Number.isSafeInteger(parameters) && parameters >= 0) return;
  throw corrupt('the shapes of its weights multiply to more values than any file holds');
}

/** @throws CHECKPOINT_UNSUPPORTED for a latent, or a batch of them, that is larger than any generator's. */
export function checkLatent(input: string, shape: readonly number[], fixedBatch: number | null): void {
  if (shape.length > MOST_DIMENSIONS) {
    throw unsupported(`The latent "${input}" has ${shape.length} dimensions, which no known generator has.`, CHECK);
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size > MOST_LATENT) {
    throw unsupported(`The latent has ${size} values, which no known generator needs.`, CHECK);
  }
  checkBatch(`The latent input "${input}"`, fixedBatch ?? undefined);
  if (size * (fixedBatch ?? 1) > MOST_GIVEN) {
    throw unsupported(`The model insists on ${fixedBatch} latents of ${size} values at once.`, FREE_BATCH);
  }
}

/** @throws CHECKPOINT_UNSUPPORTED for more classes than any generator has. */
export function checkClasses(count: number): void {
  if (count > MOST_CLASSES) {
    throw unsupported(`The model takes ${count} classes, which no known generator has.`, CHECK);
  }
}

/** @throws CHECKPOINT_UNSUPPORTED or GENERATOR_OUTPUT for pictures whose stated shape cannot be audited. */
export function checkPicture(output: string, extents: readonly Extent[] | undefined, layout: 'NCHW' | 'NHWC'): void {
  if (!extents) return;
  const [batch, ...rest] = extents.map(fixedExtent);
  checkBatch(`The image output "${output}"`, batch);
  const [height, width] = layout === 'NCHW' ? [rest[1], rest[2]] : [rest[0], rest[1]];
  for (const side of [height, width]) {
    if (side !== undefined && (side < SMALLEST_SIDE || side > LARGEST_SIDE)) {
      throw pictureOfSize(width ?? 'any', height ?? 'any');
    }
  }
}

/** The error of pictures that are too small or too large. */
export function pictureOfSize(width: Extent, height: Extent): RewoundError {
  return new RewoundError('GENERATOR_OUTPUT', `The generator gives pictures of ${width} x ${height} pixels.`, {
    help: `Rewound audits pictures of ${SMALLEST_SIDE} to ${LARGEST_SIDE} pixels a side.`,
  });
}

function checkBatch(what: string, batch: number | undefined): void {
  if (batch === undefined || batch <= MOST_BATCH) return;
  throw unsupported(
    `${what} has a fixed batch of ${batch}; Rewound runs ${MOST_BATCH} samples at once at most.`,
    FREE_BATCH,
  );
}

const CHECK = 'Check the export.';
const FREE_BATCH = 'Export the generator with a free batch dimension.';
