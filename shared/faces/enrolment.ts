/** Writes and reads embedded photos. */
import { RewoundError } from '../errors.ts';
import { elementsOf, readSafetensors, tensorOf, writeSafetensors } from '../safetensors.ts';
import { requireWhole, seal, UNSEALED } from '../seal.ts';
import { type Enrolment, PHOTO_STATES } from './enrolled.ts';

/** Embedded photos as a safetensors file: `embeddings` F32 [photos, length] and `states` U8 [photos]. Sealed. */
export function encodeEnrolment({ embeddings, states }: Enrolment): Uint8Array {
  const length = states.length === 0 ? 0 : embeddings.length / states.length;
  const file = writeSafetensors(
    {
      embeddings: tensorOf('F32', embeddings, [states.length, length]),
      states: tensorOf(
        'U8',
        Uint8Array.from(states, (state) => PHOTO_STATES.indexOf(state)),
      ),
    },
    { format: 'rewound.enrolment/1', seal: UNSEALED },
  );
  return seal(file);
}

/** The embeddings of the photos in which a face was found, f32 [faces, length]. Throws as decodeEnrolment. */
export function decodeEnrolled(bytes: Uint8Array, length: number): Float32Array {
  requireWhole(bytes, 'A file of embedded photos');
  const photos = elementsOf(readSafetensors(bytes), 'states', 'U8').length;
  const { embeddings, states } = decodeEnrolment(bytes, photos, length);
  const found = [...states.keys()].filter((photo) => states[photo] === 'enrolled');
  const enrolled = new Float32Array(found.length * length);
  for (const [i, photo] of found.entries()) {
    enrolled.set(embeddings.subarray(photo * length, (photo + 1) * length), i * length);
  }
  return enrolled;
}

/** Throws RESULT_DAMAGED where the file is not as it was written, GALLERY_MISMATCH where it is none, or not of `photos` photos. */
export function decodeEnrolment(bytes: Uint8Array, photos: number, length: number): Enrolment {
  requireWhole(bytes, 'A file of embedded photos');
  const file = readSafetensors(bytes);
  const embeddings = elementsOf(file, 'embeddings', 'F32');
  const states = Array.from(elementsOf(file, 'states', 'U8'), (state) => PHOTO_STATES[state]);
  if (
    states.length !== photos ||
    embeddings.length !== photos * length ||
    !states.every((state) => state !== undefined)
  ) {
    throw new RewoundError('GALLERY_MISMATCH', 'A file of embedded photos does not hold what it should.', {
      help: 'Remove the gallery folder of the work folder; the photos are embedded again.',
    });
  }
  return { embeddings, states };
}
