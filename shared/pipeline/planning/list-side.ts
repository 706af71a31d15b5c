/** Lists the photos of one side of a project, in whatever they come, and understands who is in them. */
import { countReasons, type PassedOver, type Reason } from '../../collection/entry.ts';
import { type Layout, stemOf, understandPaths } from '../../collection/layout.ts';
import { matchTable, parseList, parseTable, type Table } from '../../collection/table.ts';
import type { UnderstoodSide } from '../../collection/understood.ts';
import { RewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { type Candidate, type Contents, contentsOf } from './contents.ts';
import type { Part, PhotoObject, PhotoSide, Side } from './people.ts';
import type { Settings } from './settings.ts';

type World = Pick<Context, 'objects' | 'compute'>;
type PeopleSettings = NonNullable<Settings['people']>;

/**
 * Lists one part of a project; undefined where its folder is not there or empty. Throws GALLERY_EMPTY, ARCHIVE_INVALID,
 * TABLE_INVALID.
 */
export async function listSide(
  world: World,
  project: string,
  part: Part,
  settings: PeopleSettings = {},
): Promise<Side | undefined> {
  const own = await contentsOf(world, `${project}/${part}/`, settings);
  const mayShare = own.files === 0 && part !== 'placebo';
  const chosen = mayShare ? await chosenList(world, project, part) : undefined;
  const isShared = mayShare && (chosen !== undefined || settings.table !== undefined);
  const found = isShared ? await contentsOf(world, `${project}/collection/`, settings) : own;
  if (found.candidates.length > 0) return photoSide(world, project, part, found, settings, isShared, chosen);
  const { npy, csv, about } = found.embeddings;
  if (npy && csv) return { kind: 'embeddings', npy, csv, about };
  if (found.files === 0) return undefined;
  throw new RewoundError('GALLERY_EMPTY', `The ${part} hold no photo that can be used${reasonsOf(found.passed)}.`, {
    help: 'Give photos (JPEG, PNG, WebP, TIFF, AVIF or PGM) in folders or in a zip, tar, parquet, RecordIO or LMDB file, or embeddings.npy with labels.csv.',
  });
}

function reasonsOf(passed: readonly PassedOver[]): string {
  return passed.length > 0 ? `: ${passed.length} files are no such photos` : '';
}

/** People and files that a list gives to this side of one collection; undefined where there is no list. */
async function chosenList({ objects }: World, project: string, part: Part): Promise<ReadonlySet<string> | undefined> {
  const info = await objects.head(`${project}/${part}.txt`);
  return info && new Set(parseList(await objects.get(info.key, info.generation)));
}

async function photoSide(
  world: World,
  project: string,
  part: Part,
  found: Contents,
  settings: PeopleSettings,
  isShared: boolean,
  chosen: ReadonlySet<string> | undefined,
): Promise<PhotoSide> {
  const passed = [...found.passed];
  const table = await tableOf(world, project, found, settings);
  if (isShared && !chosen && table?.table.columns.side === undefined) {
    throw new RewoundError(
      'TABLE_INVALID',
      'Nothing says which photos of the collection are members and which controls.',
      {
        help: 'Give two lists, or a table with a column "side" that holds "members" or "controls".',
      },
    );
  }
  const named = identify(found.candidates, table?.table, settings.layout, part, passed);
  const kept = chosen ? named.placed.filter((photo) => isChosen(photo, chosen, passed)) : named.placed;
  if (kept.length === 0) {
    throw new RewoundError(
      'TABLE_INVALID',
      `No photo of the ${part} is named by the table or the list that was given.`,
      {
        help: 'Write files as they are called in the collection, relative to it, or people as their folders are called.',
      },
    );
  }
  const several = found.archives.length > 1;
  const photos = nameUnlabelled(kept.map((one) => photoObject(one, several)));
  return {
    kind: 'photos',
    photos,
    paths: kept.map(({ path }) => path),
    understood: {
      ...named.understanding,
      above: [...named.understanding.above],
      ...countsOf(photos, kept),
      sources: [...found.archives, ...(table && named.understanding.way === 'table' ? [table.name] : [])],
      passed: countReasons(passed),
      ...(named.rows ? { rows: named.rows } : {}),
    },
    passed,
  };
}

async function tableOf(
  { objects }: World,
  project: string,
  { tables, candidates }: Contents,
  { table, personColumn }: PeopleSettings,
): Promise<{ readonly name: string; readonly table: Table } | undefined> {
  if (table !== undefined) {
    const key = `${project}/${table}`;
    const info = await objects.head(key);
    if (!info) {
      throw new RewoundError('NOT_FOUND', 'The table of people that the settings name is not there.', {
        help: 'Check the path.',
      });
    }
    const name = table.slice(table.lastIndexOf('/') + 1);
    return { name, table: parseTable(await objects.get(key, info.generation), { personColumn }) };
  }
  // Labels in the archive itself say it already; dataset.json holds classes, which are not people.
  if (candidates.every(({ label }) => label !== undefined)) return undefined;
  const beside = tables.find(({ name }) => /\.(csv|tsv|jsonl|txt)$/i.test(name));
  return beside && { name: beside.name, table: parseTable(beside.bytes, { personColumn }) };
}

interface Placed extends Candidate {
  readonly identity: string;
  readonly photo: string;
}

/** Below this share of photos that a table names, it is the table of another collection. */
const LEAST_NAMED = 0.01;

function identify(
  candidates: readonly Candidate[],
  table: Table | undefined,
  layout: Layout | undefined,
  part: Part,
  passed: PassedOver[],
): {
  readonly placed: readonly Placed[];
  readonly understanding: Pick<UnderstoodSide, 'way' | 'because' | 'above'>;
  readonly rows?: UnderstoodSide['rows'];
} {
  const paths = candidates.map(({ path }) => path);
  const hasPeople = table?.columns.person !== undefined;
  const matched = table && matchTable(table, paths);
  if (table && matched && matched.found.filter((row) => row !== undefined).length < paths.length * LEAST_NAMED) {
    throw new RewoundError('TABLE_INVALID', `The table of people names hardly any of the ${paths.length} photos.`, {
      help: 'Write files as they are called in the collection, and check that the table belongs to it.',
    });
  }
  const inTable = (i: number): boolean => {
    const row = matched?.found[i];
    const reason: Reason | undefined = !row
      ? 'not-in-table'
      : row.side !== undefined && row.side !== part
        ? 'other-side'
        : undefined;
    if (reason) passed.push({ name: paths[i]!, reason });
    return reason === undefined;
  };
  const kept = candidates.map((_, i) => i).filter((i) => !matched || inTable(i));
  const rows =
    table && matched
      ? { missing: matched.missing, incomplete: table.incomplete, contradictory: matched.contradictory }
      : undefined;
  if (hasPeople) {
    const placed = kept.map((i) => ({ ...candidates[i]!, identity: matched!.found[i]!.person!, photo: paths[i]! }));
    return { placed, understanding: { way: 'table', above: [] }, rows };
  }
  const labelled = candidates.filter(({ label }) => label !== undefined).length;
  if (labelled > candidates.length / 2 && layout === undefined) {
    const placed = kept.map((i) => ({ ...candidates[i]!, identity: candidates[i]!.label ?? '', photo: paths[i]! }));
    return { placed, understanding: { way: 'labels', above: [] }, rows };
  }
  const { placed: all, way, because, above } = understandPaths(paths, layout);
  return {
    placed: kept.map((i) => ({ ...candidates[i]!, ...all[i]! })),
    understanding: { way, ...(because ? { because } : {}), above: [...above] },
    rows,
  };
}

function isChosen({ identity, path, photo }: Placed, chosen: ReadonlySet<string>, passed: PassedOver[]): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (
    (identity !== '' && chosen.has(identity)) ||
    chosen.has(path) ||
    chosen.has(photo) ||
    chosen.has(file) ||
    chosen.has(stemOf(file))
  )
    return true;
  passed.push({ name: path, reason: 'not-in-list' });
  return false;
}

function photoObject({ object, identity, photo, archive, at }: Placed, several: boolean): PhotoObject {
  const { key, generation, md5 } = object;
  if (at === undefined) return { key, generation, md5, identity, photo };
  return { key, generation, md5: digest(md5, at), identity, photo: several ? `${archive}/${photo}` : photo, at };
}

/** Photos that nothing is known of are people of their own, named like the file, until the recognizer groups them. */
function nameUnlabelled(photos: readonly PhotoObject[]): readonly PhotoObject[] {
  const isUnlabelled = ({ identity }: PhotoObject) => identity === '';
  if (!photos.some(isUnlabelled)) return photos;
  const alike = Map.groupBy(photos.filter(isUnlabelled), ({ photo }) => stemOf(photo));
  return photos.map((one) => {
    if (!isUnlabelled(one)) return one;
    const identity = alike.get(stemOf(one.photo))!.length > 1 ? one.photo : stemOf(one.photo);
    return { ...one, identity, unlabelled: true as const };
  });
}

function countsOf(photos: readonly PhotoObject[], placed: readonly Placed[]) {
  const each = new Map<string, number>();
  for (const { identity, unlabelled } of photos) if (!unlabelled) each.set(identity, (each.get(identity) ?? 0) + 1);
  let [fewest, most] = each.size === 0 ? [0, 0] : [Number.POSITIVE_INFINITY, 0];
  for (const many of each.values()) [fewest, most] = [Math.min(fewest, many), Math.max(most, many)];
  const unlabelled = placed.filter(({ identity }) => identity === '').length;
  return { people: each.size, photos: photos.length, fewest, most, unlabelled };
}
