/** Replaces the names of people in a report by pseudonyms. */
import { createHmac } from 'node:crypto';
import type { Match, Report, Role } from './model.ts';

/** Hex digits of a pseudonym. Among 100,000 people two share one in an audit out of 50,000. */
const DIGITS = 12;

/**
 * What stands for a person under a key: a function of side and name, so that whoever has the key and a list of names can
 * translate back, and nobody else can. A name is as its folder, its file or the labels have it.
 */
export function pseudonymOf(key: Uint8Array, side: Role, name: string): string {
  return `p-${keyed(key, `${side}/${name}`)}`;
}

/**
 * What stands for a photo of that person.
 * @internal
 */
export function photoPseudonymOf(key: Uint8Array, side: Role, name: string, photo: string): string {
  return `photo-${keyed(key, `${side}/${name}/${photo}`)}`;
}

/**
 * The same report without a name of a person or a photo: the name of the checkpoint stays. Numbers and verdict are the
 * same, and each match keeps its place.
 *
 * Order must not tell names either. Photos that were left out, and people named with equal scores, come in the order of
 * their names; here they come in that of their pseudonyms. Matches need no change: equal ones come in the order of a
 * digest, see `rankMatches`. All else is ordered by what was measured.
 */
export function pseudonymise(report: Report, key: Uint8Array): Report {
  return renamePeople(report, pseudonymsOf(key));
}

/** What people, photos and pictures are called under a key. Pictures are numbered: their names may be those of people. */
export function pseudonymsOf(key: Uint8Array): Required<Renaming> {
  return {
    person: (side, name) => pseudonymOf(key, side, name),
    photo: (side, name, file) => photoPseudonymOf(key, side, name, file),
    picture: (seed) => `picture ${seed}`,
    folder: (name) => `folder-${keyed(key, `folder/${name}`)}`,
  };
}

/** What people and their photos are to be called. */
export interface Renaming {
  readonly person: (side: Role, name: string) => string;
  readonly photo: (side: Role, name: string, photo: string) => string;
  /** Pictures of a set in the place of a generator, by their seed; left as they are where this is not given. */
  readonly picture?: (seed: number) => string;
  /** The set's folders. */
  readonly folder?: (name: string) => string;
}

/** The same report with other names, in the order that it would have had with them. */
export function renamePeople(report: Report, { person, photo, picture, folder }: Renaming): Report {
  const gallery = (side: Role, found: Report['members']): Report['members'] => ({
    ...found,
    leftOut: found.leftOut
      .map(({ identity, photo: file, reason }) => ({
        identity: person(side, identity),
        photo: photo(side, identity, file),
        reason,
      }))
      .sort((a, b) => compare(a.identity, b.identity) || compare(a.photo, b.photo)),
    // Names of folders and files may be those of people.
    ...(found.understood ? { understood: { ...found.understood, above: [], sources: [] } } : {}),
  });
  const { published } = report;
  return {
    ...report,
    members: gallery('members', report.members),
    controls: report.controls && gallery('controls', report.controls),
    identities: orderTies(
      report.identities.map((named) => ({ ...named, identity: person('members', named.identity) })),
    ),
    matches: report.matches.map(
      (match): Match => ({
        ...match,
        identity: person(match.role, match.identity),
        photo: photo(match.role, match.identity, match.photo),
        ...(picture && match.picture !== undefined ? { picture: picture(match.seed) } : {}),
      }),
    ),
    ...(published
      ? {
          published: {
            ...published,
            byFolder: published.byFolder.map((one) => ({
              ...one,
              folder: folder ? folder(one.folder) : one.folder,
              identity: person(one.role, one.identity),
            })),
          },
        }
      : {}),
  };
}

/** Neighbours with the same score in the order of their names; the others stay where they are. */
function orderTies(people: Report['identities']): Report['identities'] {
  const ties: Report['identities'][] = [];
  for (const one of people) {
    const last = ties.at(-1);
    if (last?.[0]?.score === one.score) last.push(one);
    else ties.push([one]);
  }
  return ties.flatMap((tie) => tie.sort((a, b) => compare(a.identity, b.identity)));
}

/** By code units, as no language would. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keyed(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, DIGITS);
}
