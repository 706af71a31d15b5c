/** Describes what a gallery says of itself. */
import type { Spread } from './spread.ts';

/**
 * What a gallery of real faces says of itself, without the generator: how alike strangers are, how alike two photos of
 * one person, and whether members and controls can be told apart from their photos alone. Made once for each
 * recognizer. Identities and faces are numbered as in the roster.
 */
export interface GalleryProfile {
  readonly impostors: ImpostorTail;
  readonly genuine: GenuineMatches;
  /** [identities] how much a person looks like a member, from real photos alone (see blind.ts); NaN if not scored. */
  readonly blind: Float32Array;
  /** [draws] the area under the ROC curve that `blind` gives when the labels are shuffled; empty if none was scored. */
  readonly blindNull: Float32Array;
  /** How people lie among each other. */
  readonly spread: Spread;
  /** [faces] similarity of each face to the most similar other face of a member; -1 where there is no other. */
  readonly nearestMember: Float32Array;
  /** [identities] best similarity to any placebo face, a real person put in the generator's place; empty without. */
  readonly placebo: Float32Array;
  readonly placeboFaces: number;
}

/** Pairs of photos of different people, the most similar first. Of a large gallery, those of people chosen by seed. */
export interface ImpostorTail {
  /** Pairs looked at, and the people they are of. */
  readonly pairs: number;
  readonly identities: number;
  /** [n] the highest similarities of all these pairs, descending: at least 1% of the pairs. */
  readonly similarity: Float32Array;
  /** [n] the two identity numbers of each pair, the lower in `a`. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

/** Photos of people who have several, ordered by person: each against the person's others, as a sample would be. */
export interface GenuineMatches {
  /** [n] */
  readonly identity: Uint32Array;
  /** [n] similarity to the most similar other photo of the person. */
  readonly similarity: Float32Array;
}
