/** The people of a project as planning finds them: photos, or embeddings made elsewhere. */
import type { Locator, PassedOver } from '../../collection/entry.ts';
import type { UnderstoodSide } from '../../collection/understood.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import { digest } from '../base/digest.ts';

/** Folders of a project that hold people; the placebo's are unseen by generator and audit, and take its place. */
export const PARTS = ['members', 'controls', 'placebo'] as const;
export type Part = (typeof PARTS)[number];

/** Fewer control identities cannot carry a threshold and a test. */
export const FEWEST_CONTROLS = 20;
export const FEWEST_MEMBERS = 2;

/** A photo in the drop area: an object, or a part of one that is an archive. */
export interface PhotoObject {
  readonly key: string;
  readonly generation: string;
  /** Of the photo's own bytes; of a photo in an archive, a digest of the archive's and of where it is. */
  readonly md5: string;
  readonly identity: string;
  /** What the photo is called below its person. */
  readonly photo: string;
  /** Where nothing says who it is: the identity is the photo's own until the recognizer has grouped it with others. */
  readonly unlabelled?: true | undefined;
  /** Where it is in the archive. */
  readonly at?: Locator | undefined;
}

export interface PhotoSide {
  readonly kind: 'photos';
  readonly photos: readonly PhotoObject[];
  /** One for each photo: its path in the folder or the archive, as tables name it. */
  readonly paths: readonly string[];
  readonly understood: UnderstoodSide;
  /** What was passed over, by name: shown on demand, and kept nowhere. */
  readonly passed: readonly PassedOver[];
}

export interface EmbeddedSide {
  readonly kind: 'embeddings';
  readonly npy: ObjectInfo;
  readonly csv: ObjectInfo;
  readonly about: ObjectInfo | undefined;
}

/** One side of the comparison as it was found. */
export type Side = PhotoSide | EmbeddedSide;

/** What a side is made of, for the audit's identity. */
export function sideDigest(side: Side | undefined): string {
  if (!side) return '';
  if (side.kind === 'embeddings') return digest(side.npy.md5, side.csv.md5, side.about?.md5 ?? '');
  return digest(
    ...side.photos.map(({ identity, photo, md5, unlabelled }) => [identity, photo, md5, ...(unlabelled ? ['?'] : [])]),
  );
}
