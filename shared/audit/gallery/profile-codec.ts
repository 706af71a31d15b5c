/** Writes and reads the profile of a gallery as a safetensors file. */
import { z } from 'zod';
import { RewoundError } from '../../errors.ts';
import { elementsOf, readSafetensors, tensorOf, writeSafetensors } from '../../safetensors.ts';
import { requireWhole, seal, UNSEALED } from '../../seal.ts';
import type { GalleryProfile } from './profile.ts';

const FORMAT = 'rewound.profile/2';

const count = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .transform(Number);
const metadataSchema = z.strictObject({
  format: z.literal(FORMAT),
  impostorPairs: count,
  impostorIdentities: count,
  placeboFaces: count,
  seal: z.string(),
});

/** A profile as a safetensors file. Canonical: equal profiles give equal bytes. Sealed. */
export function encodeProfile(profile: GalleryProfile): Uint8Array {
  const { impostors, genuine } = profile;
  const file = writeSafetensors(
    {
      'impostor.similarity': tensorOf('F32', impostors.similarity),
      'impostor.a': tensorOf('U32', impostors.a),
      'impostor.b': tensorOf('U32', impostors.b),
      'genuine.identity': tensorOf('U32', genuine.identity),
      'genuine.similarity': tensorOf('F32', genuine.similarity),
      blind: tensorOf('F32', profile.blind),
      blindNull: tensorOf('F32', profile.blindNull),
      typicality: tensorOf('F32', profile.spread.typicality),
      crowding: tensorOf('F32', profile.spread.crowding),
      agreement: tensorOf('F32', profile.spread.agreement),
      nearestMember: tensorOf('F32', profile.nearestMember),
      placebo: tensorOf('F32', profile.placebo),
    },
    {
      format: FORMAT,
      impostorPairs: String(impostors.pairs),
      impostorIdentities: String(impostors.identities),
      placeboFaces: String(profile.placeboFaces),
      seal: UNSEALED,
    },
  );
  return seal(file);
}

/** @throws RESULT_DAMAGED if the bytes are not as they were written, RESULT_INCOMPLETE if they are not those of a profile. */
export function decodeProfile(bytes: Uint8Array): GalleryProfile {
  requireWhole(bytes, 'The profile of a gallery');
  try {
    const file = readSafetensors(bytes);
    const { impostorPairs, impostorIdentities, placeboFaces } = metadataSchema.parse(Object.fromEntries(file.metadata));
    const profile: GalleryProfile = {
      impostors: {
        pairs: impostorPairs,
        identities: impostorIdentities,
        similarity: elementsOf(file, 'impostor.similarity', 'F32'),
        a: elementsOf(file, 'impostor.a', 'U32'),
        b: elementsOf(file, 'impostor.b', 'U32'),
      },
      genuine: {
        identity: elementsOf(file, 'genuine.identity', 'U32'),
        similarity: elementsOf(file, 'genuine.similarity', 'F32'),
      },
      blind: elementsOf(file, 'blind', 'F32'),
      blindNull: elementsOf(file, 'blindNull', 'F32'),
      spread: {
        typicality: elementsOf(file, 'typicality', 'F32'),
        crowding: elementsOf(file, 'crowding', 'F32'),
        agreement: elementsOf(file, 'agreement', 'F32'),
      },
      nearestMember: elementsOf(file, 'nearestMember', 'F32'),
      placebo: elementsOf(file, 'placebo', 'F32'),
      placeboFaces,
    };
    checkProfile(profile);
    // A file with anything else in it, or in another order, was not written here.
    const canonical = encodeProfile(profile);
    if (canonical.length !== bytes.length || !canonical.every((byte, i) => byte === bytes[i])) {
      throw new RangeError('The file is not in canonical form.');
    }
    return profile;
  } catch (cause) {
    throw new RewoundError('RESULT_INCOMPLETE', 'The profile of a gallery breaks the rules of its format.', {
      help: 'Run the same command again, or put the checkpoint into the project again: the audit starts over.',
      cause,
    });
  }
}

/** Every rule the arithmetic relies on. @throws RangeError with the rule that is broken. */
function checkProfile(profile: GalleryProfile) {
  const { impostors, genuine, blind, blindNull, spread, nearestMember, placebo, placeboFaces } = profile;
  const identities = blind.length;
  const { pairs, similarity, a, b } = impostors;
  must(identities >= 1 && nearestMember.length >= identities, 'Everybody has a face.');
  must(a.length === similarity.length && b.length === similarity.length, 'Columns of pairs are equally long.');
  must(similarity.length <= pairs && 100 * similarity.length >= pairs, 'At least 1% of the pairs are kept.');
  must(impostors.identities <= identities, 'Pairs are of people in the gallery.');
  for (let i = 0; i < similarity.length; i++) {
    must(isSimilarity(similarity[i]!) && a[i]! < b[i]! && b[i]! < identities, 'Pairs are of two people.');
    must(i === 0 || similarity[i]! <= similarity[i - 1]!, 'The most similar pairs come first.');
  }
  must(genuine.identity.length === genuine.similarity.length, 'Columns of pairs are equally long.');
  for (let i = 0; i < genuine.identity.length; i++) {
    const person = genuine.identity[i]!;
    must(isSimilarity(genuine.similarity[i]!) && person < identities, 'Pairs are of a person in the gallery.');
    must(i === 0 || person >= genuine.identity[i - 1]!, 'Pairs are ordered by person.');
  }
  must(
    blind.every((score) => Number.isNaN(score) || Number.isFinite(score)),
    'Scores are numbers.',
  );
  must(
    blindNull.every((auc) => auc >= 0 && auc <= 1),
    'Areas lie between 0 and 1.',
  );
  for (const values of Object.values(spread)) {
    must(values.length === identities, 'Everybody has a place among the others.');
    must(
      values.every((value: number) => Number.isNaN(value) || isNearly(value)),
      'Mean similarities lie between -1 and 1.',
    );
  }
  must(nearestMember.every(isSimilarity) && placebo.every(isSimilarity), 'Similarities lie between -1 and 1.');
  must(placebo.length === (placeboFaces > 0 ? identities : 0), 'Everybody is compared with the placebo, or nobody.');
}

/** Sums of rounded numbers may leave the bounds by a little. */
function isNearly(value: number): boolean {
  return Math.abs(value) <= 1 + 1e-3;
}

function isSimilarity(value: number): boolean {
  return value >= -1 && value <= 1;
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new RangeError(`Broken rule: ${rule}`);
}
