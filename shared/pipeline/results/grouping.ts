/** Groups photos of which nothing says who is in them, by the audit's own recognizer, before anybody is counted. */
import { averageLinkage, componentsOf, type Links, MOST_CONNECTED } from '../../audit/gallery/groups.ts';
import { compareStrings } from '../../audit/numbers/keyed.ts';
import type { Compute } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import type { EnrolledPhoto } from './embedded.ts';
import { type Gathered, joinRows, type Person, personOf } from './gather.ts';
import type { Grouping } from './roster.ts';

interface World {
  readonly compute: Pick<Compute, 'link'>;
}

export interface Grouped {
  readonly members: Gathered;
  readonly controls: Gathered;
  /** Absent where names say who is in every photo. */
  readonly grouping?: Grouping;
}

/**
 * Photos that no name labels become people by average linkage. Then people of a side who may be the same, by single
 * linkage of the groups, count as one: of each such block the person with the most photos takes part. So somebody whose
 * photos fell apart is not counted as several independent people, which would make every test too sure.
 */
export async function groupUnlabelled(world: World, members: Gathered, controls: Gathered): Promise<Grouped> {
  const isUnlabelled = ({ photos }: Person) => photos.some(({ unlabelled }) => unlabelled);
  const sides = [members, controls];
  if (!sides.some(({ people }) => people.some(isUnlabelled))) return { members, controls };
  const length = [...members.people, ...controls.people][0]!.photos[0]!.embeddings[0]!.length;

  const loose = sides.map(({ people }) => people.filter(isUnlabelled).flatMap(({ photos }) => photos));
  const links = await linksOf(world, loose, length, (photo) => photo.embeddings[0]!);
  const people = sides.map(({ people: all }, side) => [
    ...all.filter((person) => !isUnlabelled(person)),
    ...peopleOf(loose[side]!, side === 0 ? 0 : loose[0]!.length, links, length),
  ]);
  const blocks = await linksOf(world, people, length, ({ photos }) => meanOf(photos, length));
  const component = componentsOf(people[0]!.length + people[1]!.length, blocks);
  const kept = people.map((all, side) => oneOfEach(all, (i) => component[i + (side === 0 ? 0 : people[0]!.length)]!));
  const counted = kept.map((all, side) => ({
    people: people[side]!.length,
    photos: loose[side]!.length,
    alone: people[side]!.filter(({ photos }) => photos.length === 1).length,
    largest: people[side]!.reduce((most, { photos }) => Math.max(most, photos.length), 0),
    alike: people[side]!.length - all.length,
  }));
  return {
    members: { people: kept[0]!, counts: members.counts },
    controls: { people: kept[1]!, counts: controls.counts },
    grouping: { threshold: links.threshold, members: counted[0]!, controls: counted[1]! },
  };
}

/** Links between rows of the two sides, the members' first. */
function linksOf<T>(
  { compute }: World,
  sides: readonly (readonly T[])[],
  length: number,
  rowOf: (one: T) => Float32Array,
): Promise<Links> {
  const all = sides.flat();
  const isMember = Uint8Array.from(all, (_, i) => (i < sides[0]!.length ? 1 : 0));
  return compute.link({ rows: joinRows(all.map(rowOf), length), length, isMember });
}

/** People of one side, named like their first photo. `first` is where its rows begin in the links. */
function peopleOf(photos: readonly EnrolledPhoto[], first: number, links: Links, length: number): Person[] {
  const component = componentsOf(first + photos.length, {
    a: links.a.filter((row, i) => row >= first && links.b[i]! < first + photos.length),
    b: links.b.filter((row, i) => links.a[i]! >= first && row < first + photos.length),
  });
  const keys = photos.map(({ photo, content }) => `${photo}\0${content}`);
  const rows = joinRows(
    photos.map(({ embeddings }) => embeddings[0]!),
    length,
  );
  const connected = Map.groupBy(photos.keys(), (i) => component[first + i]!);
  const groups = [...connected.values()].flatMap((places) => {
    if (places.length === 1) return [places];
    if (places.length > MOST_CONNECTED) throw inseparable(places.length);
    return averageLinkage(rows, length, places, keys, links.threshold);
  });
  return groups.map((places) => {
    const own = places.map((i) => photos[i]!).sort((x, y) => compareStrings(x.photo, y.photo));
    return personOf(own[0]!.identity, own);
  });
}

/** Mean of a person's embeddings, not of length 1: its products are mean cosines of photos. */
function meanOf(photos: readonly EnrolledPhoto[], length: number): Float32Array {
  const sum = new Float64Array(length);
  for (const { embeddings } of photos) for (let i = 0; i < length; i++) sum[i]! += embeddings[0]![i]!;
  return Float32Array.from(sum, (value) => value / photos.length);
}

/** Of each block the person with the most photos; of equal ones the first by name. In the order of the people. */
function oneOfEach(people: readonly Person[], blockOf: (place: number) => number): Person[] {
  const best = new Map<number, number>();
  for (const [i, person] of people.entries()) {
    const before = best.get(blockOf(i));
    const other = before === undefined ? undefined : people[before]!;
    const isBetter =
      !other ||
      person.photos.length > other.photos.length ||
      (person.photos.length === other.photos.length && compareStrings(person.identity, other.identity) < 0);
    if (isBetter) best.set(blockOf(i), i);
  }
  const chosen = new Set(best.values());
  return people.filter((_, i) => chosen.has(i));
}

function inseparable(photos: number): RewoundError {
  return new RewoundError(
    'GALLERY_TOO_SMALL',
    `Nothing says who is in the photos, and the recognizer cannot tell their people apart: ${photos} photos hang together.`,
    { help: 'Say who is in the photos (one folder a person, or --people with a table), or use another recognizer.' },
  );
}
