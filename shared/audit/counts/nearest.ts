/** Whom each picture of a shard resembles most, as a safetensors file. */
import { RewoundError } from '../../errors.ts';
import { elementsOf, readSafetensors, tensorOf, writeSafetensors } from '../../safetensors.ts';
import { requireWhole, seal, UNSEALED } from '../../seal.ts';

const FORMAT = 'rewound.nearest/1';

/** What became of a picture: a face in it was searched for, there was none, or it could not be read. */
export const PICTURE_STATES = ['searched', 'undetected', 'unreadable'] as const;

/** Whom the pictures of a shard resemble most, row by row in the order of the pictures. */
export interface Nearest {
  /** [n] places in PICTURE_STATES. */
  readonly state: Uint8Array;
  /** [n] the gallery's face that is nearest; 0 where the picture was not searched. */
  readonly face: Uint32Array;
  /** [n] the cosine to that face; 0 where the picture was not searched. */
  readonly similarity: Float32Array;
  /** [2 n] 64 bits that pictures which look the same have in common; 0 where it could not be read. */
  readonly look: Uint32Array;
}

/** Canonical: equal matches give equal bytes. Sealed. */
export function encodeNearest({ state, face, similarity, look }: Nearest): Uint8Array {
  return seal(
    writeSafetensors(
      {
        state: tensorOf('U8', state),
        face: tensorOf('U32', face),
        similarity: tensorOf('F32', similarity),
        look: tensorOf('U32', look, [state.length, 2]),
      },
      { format: FORMAT, seal: UNSEALED },
    ),
  );
}

/**
 * @param faces of the gallery that was searched.
 * @throws RESULT_DAMAGED if the bytes are not as they were written, RESULT_INCOMPLETE if they are not of `pictures`
 *   pictures and such a gallery.
 */
export function decodeNearest(bytes: Uint8Array, pictures: number, faces: number): Nearest {
  requireWhole(bytes, 'A shard result');
  const file = readSafetensors(bytes);
  const nearest: Nearest = {
    state: elementsOf(file, 'state', 'U8'),
    face: elementsOf(file, 'face', 'U32'),
    similarity: elementsOf(file, 'similarity', 'F32'),
    look: elementsOf(file, 'look', 'U32'),
  };
  const { state, face, similarity, look } = nearest;
  const isWhole =
    file.metadata.get('format') === FORMAT &&
    [state, face, similarity].every(({ length }) => length === pictures) &&
    look.length === 2 * pictures &&
    state.every((one) => one < PICTURE_STATES.length) &&
    face.every((one) => one < faces) &&
    similarity.every((one) => one >= -1 && one <= 1);
  if (isWhole) return nearest;
  throw new RewoundError('RESULT_INCOMPLETE', 'A shard result breaks the rules of its format.', {
    help: 'Run the same command again, or put the pictures into the project again: the audit starts over.',
  });
}
