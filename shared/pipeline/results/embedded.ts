/** Reads embeddings that were made elsewhere. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { decodeLabels } from '../../faces/labels.ts';
import { decodeNpy } from '../../faces/npy.ts';
import { parseJsonFile } from '../../json-file.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { cardTooLarge, MOST_CARD_BYTES } from '../base/given-text.ts';
import { uploadedBytes } from '../base/uploaded-files.ts';
import { PARTS, type Part } from '../planning/people.ts';
import { resolutionOf } from '../planning/plan/files.ts';
import type { Plan } from '../planning/plan/schema.ts';

/** A photo with its embeddings. */
export interface EnrolledPhoto {
  readonly identity: string;
  readonly photo: string;
  /** Where nothing says who it is. */
  readonly unlabelled?: true | undefined;
  /** Digest of the photo, or of its embedding where there is no photo. */
  readonly content: string;
  /** By each of the plan's recognizers. */
  readonly embeddings: readonly Float32Array[];
}

type Embeddings = Extract<Plan['members'], { kind: 'embeddings' }>;

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

/** Embeddings that were made elsewhere, checked against labels, recognizer and resolution. Throws GALLERY_MISMATCH, CARD_INVALID. */
export async function embeddedPhotos(
  context: Context,
  { npy, csv, about }: Embeddings,
  { recognizers, generator, ...sides }: Plan,
): Promise<EnrolledPhoto[]> {
  const { info } = recognizers[0]!;
  const { rows, columns, data } = decodeNpy(await uploadedBytes(context, npy));
  const labels = decodeLabels(new TextDecoder().decode(await uploadedBytes(context, csv)));
  if (labels.length !== rows) {
    throw mismatch(
      `There are ${rows} embeddings and ${labels.length} labels.`,
      'Write one label a row, in the same order.',
    );
  }
  if (columns !== info.embedding) {
    throw mismatch(
      `The embeddings have ${columns} values; the recognizer of this audit gives ${info.embedding}.`,
      'Use the recognizer that made them (--recognizer), or enrol the photos again.',
    );
  }
  const made = await readAbout(context, about);
  if (made) {
    if (made.recognizer !== info.name) {
      throw mismatch('The gallery was enrolled with another recognizer.', 'Enrol the photos again with this one.');
    }
    const wanted = resolutionOf(generator.alignment).eyeDistance;
    if (!isAlike(made.eyeDistance, wanted)) {
      throw mismatch(
        `The gallery was enrolled at another resolution than this generator's faces have (${wanted.toFixed(1)} pixels between the eyes).`,
        'Enrol the photos again with --checkpoint, so that they are brought to its resolution.',
      );
    }
  }
  await checkTogether(context, sides);
  return labels.map(({ identity, photo }, row) => {
    const embedding = normalised(data.subarray(row * columns, (row + 1) * columns), row);
    return { identity, photo, content: digest(photo, ...embedding), embeddings: [embedding] };
  });
}

/** Beyond this distance between the eyes recognizers see no difference. */
const FULL_RESOLUTION = 60;

/** Whether photos brought to this distance between the eyes, or left as they were, compare with faces that have `wanted`. */
function isAlike(made: number | null, wanted: number): boolean {
  const distance = made ?? Number.POSITIVE_INFINITY;
  if (Math.min(distance, wanted) >= FULL_RESOLUTION) return true;
  const ratio = distance / wanted;
  return ratio <= RESOLUTION_SLACK && ratio >= 1 / RESOLUTION_SLACK;
}

/** Galleries that were made differently differ for that reason alone: no statistic could tell it from a leak. */
async function checkTogether(context: Context, sides: Pick<Plan, Part>): Promise<void> {
  const made = await Promise.all(
    PARTS.map((part) => {
      const side = sides[part];
      return side?.kind === 'embeddings' ? readAbout(context, side.about) : undefined;
    }),
  );
  // Resolutions come in steps of 2%; machines may disagree about the last digit.
  const ways = new Set(made.flatMap((one) => (one ? [`${one.eyeDistance?.toFixed(3)} ${one.recognizer}`] : [])));
  if (ways.size <= 1) return;
  throw mismatch(
    'Members and controls were enrolled with different recognizers or at different resolutions.',
    'Enrol all in the same way: with the same --recognizer and the same --checkpoint.',
  );
}

async function readAbout(context: Context, about: Embeddings['about']) {
  if (!about) return undefined;
  if (about.size > MOST_CARD_BYTES) throw cardTooLarge();
  const text = new TextDecoder().decode(await uploadedBytes(context, about));
  return parseJsonFile(aboutGallerySchema, text, 'gallery.json');
}

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
