/** The options that say where people come from, and how the files that they name appear in the project. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { formatOf } from '../../shared/collection/archive.ts';
import { LAYOUTS } from '../../shared/collection/layout.ts';
import { PARTS } from '../../shared/pipeline/planning/people.ts';
import type { Settings } from '../../shared/pipeline/planning/settings.ts';
import type { Mounts } from '../../shared/platform/local/tree.ts';
import { asOneOf, asText, flag, optional, type Values } from './option.ts';
import { asPath, requireFile, requireFolder } from './paths.ts';
import { PROJECT } from './project.ts';
import { usage } from './usage.ts';

/** How who is in a photo is told, for every command that reads photos. */
export const READING_OPTIONS = {
  people: optional(
    'TABLE',
    'a table of files and people, and perhaps of sides (members, controls), such as identity_CelebA.txt',
    asPath,
  ),
  'person-column': optional(
    'NAME',
    'the column of that table, of a parquet file or of a webdataset that names the person',
    asText,
  ),
  layout: optional(
    'HOW',
    'people: the innermost folders are people; photos: nothing says who is in a photo',
    asOneOf(LAYOUTS),
  ),
  list: flag('show by name everything that is passed over'),
};

export const PEOPLE_OPTIONS = {
  members: optional(
    'DATA',
    'photos of the people the generator was trained on: a folder (one folder a person, or flat), a zip, tar, parquet, RecordIO or LMDB file, or a folder with embeddings.npy and labels.csv',
    asPath,
  ),
  controls: optional(
    'DATA',
    'people from the same collection who were not trained on (20 or more); without them resemblance is reported, but no claim of leakage is possible',
    asPath,
  ),
  placebo: optional(
    'DATA',
    "people neither trained on nor controls: put in the generator's place, they must show nothing",
    asPath,
  ),
  collection: optional(
    'DATA',
    'one collection with members and controls, parted by two lists or by the sides of a table',
    asPath,
  ),
  'members-list': optional('FILE', 'people or files of the collection that are members, one a line', asPath),
  'controls-list': optional('FILE', 'people or files of the collection that are controls, one a line', asPath),
  ...READING_OPTIONS,
};
export type PeopleValues = Values<typeof PEOPLE_OPTIONS>;

interface PeopleData {
  readonly mounts: Mounts;
  readonly settings: Settings['people'];
}

/** Where the people of an audit come from, checked. Throws USAGE, NOT_FOUND. */
export async function peopleOf(values: PeopleValues): Promise<PeopleData> {
  const { collection, 'members-list': membersList, 'controls-list': controlsList, people } = values;
  const sides = { members: values.members, controls: values.controls, placebo: values.placebo };
  const lists = { members: membersList, controls: controlsList };
  if (collection === undefined) {
    if (membersList !== undefined || controlsList !== undefined)
      throw usage('Lists go with --collection, which they part.');
    if (sides.members === undefined) throw usage('--members is missing: the people the generator was trained on.');
  } else {
    if (sides.members !== undefined || sides.controls !== undefined) {
      throw usage('--collection takes the place of --members and --controls.');
    }
    if (membersList === undefined && people === undefined) {
      throw usage('--collection needs --members-list, or --people with a table that has a column "side".');
    }
  }
  const mounts: Record<string, string> = {};
  for (const part of PARTS) {
    const path = sides[part];
    if (path !== undefined) Object.assign(mounts, await dataMount(part, path, `--${part}`));
  }
  if (collection !== undefined) Object.assign(mounts, await dataMount('collection', collection, '--collection'));
  for (const part of ['members', 'controls'] as const) {
    const path = lists[part];
    if (path === undefined) continue;
    await requireFile(path);
    mounts[`${PROJECT}/${part}.txt`] = path;
  }
  return { mounts: { ...mounts, ...(await tableMount(people)) }, settings: readingOf(values) };
}

/** How photos are read, as a setting of the project; undefined where nothing was asked for. */
export function readingOf({
  people,
  'person-column': personColumn,
  layout,
}: Values<typeof READING_OPTIONS>): Settings['people'] {
  if (people === undefined && personColumn === undefined && layout === undefined) return undefined;
  return {
    ...(layout ? { layout } : {}),
    ...(personColumn ? { personColumn } : {}),
    ...(people ? { table: `tables/${basename(people)}` } : {}),
  };
}

export async function tableMount(people: string | undefined): Promise<Mounts> {
  if (people === undefined) return {};
  await requireFile(people);
  return { [`${PROJECT}/tables/${basename(people)}`]: people };
}

/** A folder as it is, or one archive as the only file of the folder. */
export async function dataMount(folder: string, path: string, option: string): Promise<Record<string, string>> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return { [`${PROJECT}/${folder}/`]: await requireFolder(path, option) };
  const format = formatOf(path);
  if (!format) {
    throw usage(
      `${option}: the file is no archive of pictures.`,
      'Give a folder, or a zip, tar, tar.gz, parquet, RecordIO or LMDB file with pictures.',
    );
  }
  const ending = { zip: '.zip', tar: '.tar', 'tar.gz': '.tar.gz', recordio: '.rec', lmdb: '.mdb', parquet: '.parquet' }[
    format
  ];
  const name = basename(path);
  const named = name.toLowerCase().endsWith(ending) || /\.tgz$/i.test(name) ? name : `${name}${ending}`;
  return { [`${PROJECT}/${folder}/${named}`]: path };
}
