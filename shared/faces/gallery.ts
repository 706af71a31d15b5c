/** Writes and reads the gallery of an audit. */
import { z } from 'zod';
import { type Enrolled, type Layout, layOut } from '../audit/counts/roster.ts';
import { RewoundError } from '../errors.ts';
import { elementsOf, readSafetensors, tensorOf, writeSafetensors } from '../safetensors.ts';
import { requireWhole, seal, UNSEALED } from '../seal.ts';

/** The faces one audit compares with: members and controls together, equalised, in the roster's order. */
export interface Gallery {
  /** f32 [faces, length], L2-normalised. */
  readonly embeddings: Float32Array;
  readonly length: number;
  readonly layout: Layout;
}

const sizesSchema = z.array(z.tuple([z.enum(['members', 'controls']), z.int().min(1)]));

/** A gallery as a safetensors file, sealed. Names of people stay out of it: the probe needs none. */
export function encodeGallery(embeddings: Float32Array, length: number, roster: readonly Enrolled[]): Uint8Array {
  const tensor = tensorOf('F32', embeddings, [embeddings.length / length, length]);
  const sizes = roster.map(({ role, photos }) => [role, photos.length]);
  const file = writeSafetensors(
    { embeddings: tensor },
    {
      format: 'rewound.gallery/1',
      seal: UNSEALED,
      sizes: JSON.stringify(sizes),
    },
  );
  return seal(file);
}

/** Throws RESULT_DAMAGED where the file is not as it was written, GALLERY_MISMATCH where it is no gallery. */
export function decodeGallery(bytes: Uint8Array): Gallery {
  requireWhole(bytes, 'The gallery of an audit');
  const file = readSafetensors(bytes);
  const embeddings = elementsOf(file, 'embeddings', 'F32');
  const length = file.tensors.get('embeddings')?.shape[1] ?? 0;
  const sizes = sizesSchema.safeParse(JSON.parse(file.metadata.get('sizes') ?? 'null'));
  const roster = (sizes.data ?? []).map(([role, photos]) => ({ role, photos: { length: photos } }));
  const faces = roster.reduce((sum, { photos }) => sum + photos.length, 0);
  if (length < 1 || faces * length !== embeddings.length) {
    throw new RewoundError('GALLERY_MISMATCH', 'A gallery file does not hold what it says.', {
      help: 'Remove the work folder and start the audit again.',
    });
  }
  return { embeddings, length, layout: layOut(roster) };
}
