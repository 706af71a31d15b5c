/** Chooses the same number of photos for every identity. */
import { RewoundError } from '../../errors.ts';
import { compareStrings, keyedHash } from '../numbers/keyed.ts';

/** More photos of a person mean a higher best similarity, leak or not: beyond five the gain is small. */
export const MOST_PHOTOS = 5;

export interface Photographed {
  /** Name of the identity, without its role. */
  readonly key: string;
  /** Names of the photos that can be used. */
  readonly photos: readonly string[];
}

export interface Equalised {
  /** n0: how many photos of everybody take part. */
  readonly photosPerIdentity: number;
  /** For each identity, in the order given, its chosen photos' places in `photos`, ascending. */
  readonly chosen: readonly (readonly number[])[];
}

/**
 * Chooses the same number of photos for every identity: as many as everybody has, at most five. Which ones depends on
 * the seed, the identity and the photos' names, never on the order of the lists; how many, on whoever has the fewest.
 *
 * @throws GALLERY_EMPTY if there is no identity, or one without a photo.
 */
export function equalise(identities: readonly Photographed[], seed: number): Equalised {
  const fewest = identities.reduce((least, { photos }) => Math.min(least, photos.length), Number.POSITIVE_INFINITY);
  if (identities.length === 0 || fewest === 0) {
    throw new RewoundError('GALLERY_EMPTY', 'An identity, or the whole gallery, has no photo that can be used.', {
      help: 'Give every person at least one photo in which a face is found.',
    });
  }
  const photosPerIdentity = Math.min(MOST_PHOTOS, fewest);
  const chosen = identities.map(({ key, photos }) =>
    photos
      .map((photo, place) => ({ photo, place, hash: keyedHash('photos', seed, key, photo) }))
      .sort((a, b) => compareStrings(a.hash, b.hash) || compareStrings(a.photo, b.photo) || a.place - b.place)
      .slice(0, photosPerIdentity)
      .map(({ place }) => place)
      .sort((a, b) => a - b),
  );
  return { photosPerIdentity, chosen };
}
