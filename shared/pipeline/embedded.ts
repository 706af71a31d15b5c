import { z } from 'zod';
import { RewoundError } from '../errors.ts';
import { decodeLabels } from '../faces/labels.ts';
import { decodeNpy } from '../faces/npy.ts';
import type { Context } from './context.ts';
import { digest } from './keys.ts';
import { type Plan, readJson, resolutionOf } from './plan-file.ts';

/** A photo with its embedding. */
export interface EnrolledPhoto {
  readonly identity: string;
  readonly photo: string;
  /** Digest of the photo, or of its embedding where there is no photo. */
  readonly content: string;
  readonly embedding: Float32Array;
}

/** `gallery.json` beside embeddings made by `rewound enrol`: how they were made. */
const aboutGallerySchema = z.strictObject({
  schema: z.literal('rewound.gallery/1'),
  recognizer: z.string(),
  embedding: z.int().min(1),
  /** Distance between the eyes the photos were brought to, in pixels; null: as they were. */
  eyeDistance: z.number().nullable(),
});

/** How far the resolution of a gallery may be from the generator's. */
const RESOLUTION_SLACK = 1.15;

/** Embeddings that were made elsewhere, checked against labels, recognizer and resolution. Throws GALLERY_MISMATCH. */
export async function embeddedPhotos(
  context: Context,
  { npy, csv, about }: Extract<Plan['members'], { kind: 'embeddings' }>,
  { recognizerInfo, generator }: Plan,
): Promise<EnrolledPhoto[]> {
  const { rows, columns, data } = decodeNpy(await context.objects.get(npy.key, npy.generation));
  const labels = decodeLabels(new TextDecoder().decode(await context.objects.get(csv.key, csv.generation)));
  if (labels.length !== rows) {
    throw mismatch(
      `There are ${rows} embeddings and ${labels.length} labels.`,
      'Write one label a row, in the same order.',
    );
  }
  if (columns !== recognizerInfo.embedding) {
    throw mismatch(
      `The embeddings have ${columns} values; the recognizer of this audit gives ${recognizerInfo.embedding}.`,
      'Use the recognizer that made them (--recognizer), or enrol the photos again.',
    );
  }
  if (about) {
    const made = await readJson(context, about.key, aboutGallerySchema);
    const wanted = resolutionOf(generator.alignment).eyeDistance;
    if (made.recognizer !== recognizerInfo.name) {
      throw mismatch('The gallery was enrolled with another recognizer.', 'Enrol the photos again with this one.');
    }
    const ratio = made.eyeDistance === null ? Number.POSITIVE_INFINITY : made.eyeDistance / wanted;
    if (ratio > RESOLUTION_SLACK && wanted < FULL_RESOLUTION) {
      throw mismatch(
        `The gallery was enrolled at another resolution than this generator's faces have (${wanted.toFixed(1)} pixels between the eyes).`,
        'Enrol the photos again with --checkpoint, so that they are brought to its resolution.',
      );
    }
  }
  return labels.map(({ identity, photo }, row) => {
    const embedding = normalised(data.subarray(row * columns, (row + 1) * columns), row);
    return { identity, photo, content: digest(photo, ...embedding), embedding };
  });
}

/** Beyond this distance between the eyes recognizers see no difference. */
const FULL_RESOLUTION = 60;

function normalised(values: Float32Array, row: number): Float32Array {
  const norm = Math.hypot(...values);
  if (!Number.isFinite(norm) || norm === 0) {
    throw mismatch(
      `Row ${row} of the embeddings is zero, infinite or not a number.`,
      'Leave such photos out of both files.',
    );
  }
  return values.map((value) => value / norm);
}

function mismatch(message: string, help: string): RewoundError {
  return new RewoundError('GALLERY_MISMATCH', message, { help });
}
