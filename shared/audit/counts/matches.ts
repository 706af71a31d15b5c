/** Ranks the samples that resemble identities most. */
import { compareStrings } from '../numbers/keyed.ts';
import type { Enrolled, Layout, Role } from './roster.ts';
import type { Staircases } from './staircase.ts';

/** The sample that resembles an identity most. */
export interface Match {
  /** 1 is the most similar. */
  readonly rank: number;
  /** The seed that reproduces the sample. */
  readonly seed: number;
  readonly similarity: number;
  readonly role: Role;
  /** Its number in the roster. */
  readonly identity: number;
  readonly photo: string;
  /** Whether the similarity is above the threshold; false where there is none. */
  readonly revealed: boolean;
}

/** The best match of each identity: most similar first, then by seed, then by identity. At most `limit` of them. */
export function rankMatches(
  stairs: Staircases,
  roster: readonly Enrolled[],
  { faceStart }: Layout,
  threshold: number | null,
  limit: number,
): readonly Match[] {
  const found = roster.flatMap(({ key, role, photos }, identity) => {
    const row = stairs.offset[identity + 1]! - 1;
    if (row < stairs.offset[identity]!) return [];
    const similarity = stairs.similarity[row]!;
    return {
      seed: stairs.seed[row]!,
      similarity,
      role,
      key,
      identity,
      photo: photos[stairs.face[row]! - faceStart[identity]!]!,
      revealed: threshold !== null && similarity > threshold,
    };
  });
  return found
    .sort((a, b) => b.similarity - a.similarity || a.seed - b.seed || compareStrings(a.key, b.key))
    .slice(0, limit)
    .map(({ key: _key, ...match }, i) => ({ rank: i + 1, ...match }));
}
