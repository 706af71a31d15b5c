/** Numbers the identities of a gallery, members and controls together. */
import { RewoundError } from '../../errors.ts';

/** Which side of the comparison somebody stands on: trained on, or not. */
export type Role = 'members' | 'controls';

/**
 * Somebody in the gallery. Identities are numbered by their place in the roster, members and controls together; faces
 * are numbered through, identity by identity.
 */
export interface Enrolled {
  /** Name or pseudonym, unique in the roster. Says nothing of the role: randomness is derived from it. */
  readonly key: string;
  readonly role: Role;
  /** One name for each face. */
  readonly photos: readonly string[];
}

/** The roster's numbers, for the hot loops. */
export interface Layout {
  /** [identities + 1]: the faces of identity i are faceStart[i] to faceStart[i + 1] - 1. */
  readonly faceStart: Uint32Array;
  /** [faces] */
  readonly identityOf: Uint32Array;
  /** [identities], 1 for a member and 0 for a control. */
  readonly isMember: Uint8Array;
}

/** What `layOut` needs to know of an identity. */
export interface Sized {
  readonly role: Role;
  readonly photos: { readonly length: number };
}

/** @throws GALLERY_EMPTY if the roster is empty or an identity in it has no photo. */
export function layOut(roster: readonly Sized[]): Layout {
  const faceStart = new Uint32Array(roster.length + 1);
  const isMember = new Uint8Array(roster.length);
  for (const [i, { role, photos }] of roster.entries()) {
    if (photos.length === 0) throw emptyGallery('An identity in the gallery has no photo that can be used.');
    faceStart[i + 1] = faceStart[i]! + photos.length;
    isMember[i] = role === 'members' ? 1 : 0;
  }
  if (roster.length === 0) throw emptyGallery('The gallery is empty.');
  const identityOf = new Uint32Array(faceStart[roster.length]!);
  for (let i = 0; i < roster.length; i++) identityOf.fill(i, faceStart[i], faceStart[i + 1]);
  return { faceStart, identityOf, isMember };
}

function emptyGallery(message: string): RewoundError {
  return new RewoundError('GALLERY_EMPTY', message, {
    help: 'Give every person a folder with at least one photo in which a face is found.',
  });
}
