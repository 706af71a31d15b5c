/** `rewound people`: says what is understood of photos of people, without an audit. */
import { passedLine, understoodLine } from '../../shared/collection/understood.ts';
import { csvLine } from '../../shared/csv.ts';
import { RewoundError } from '../../shared/errors.ts';
import { listSide } from '../../shared/pipeline/planning/list-side.ts';
import type { PhotoObject, PhotoSide } from '../../shared/pipeline/planning/people.ts';
import { photoFiles } from '../../shared/pipeline/planning/photo-files.ts';
import { stdout } from '../../shared/terminal.ts';
import { command } from './command.ts';
import { contactSheet } from './contact-sheet.ts';
import { putFile } from './files.ts';
import { flag, optional, type Values } from './option.ts';
import { asPath, userPath } from './paths.ts';
import { dataMount, READING_OPTIONS, readingOf, tableMount } from './people-data.ts';
import { PROJECT, withProject } from './project.ts';
import { sideLines } from './understanding.ts';

const OPTIONS = {
  ...READING_OPTIONS,
  names: flag('list people with their numbers of photos, and show names on the contact sheet'),
  to: optional(
    'FILE',
    'write a table of files and people, such as people.csv, to correct and to give back with --people',
    asPath,
  ),
  sheet: optional('FILE', 'write a contact sheet with a few photos of each person, such as people.html', asPath),
};

export const people = command({
  name: 'people',
  summary: 'Says what is understood of a folder or an archive of photos: who is in them, and what is passed over.',
  takes: ['DATA'],
  options: OPTIONS,
  run: (values, [data = '']) => showPeople(userPath(data), values),
});

async function showPeople(data: string, values: Values<typeof OPTIONS>): Promise<number> {
  const mounts = { ...(await dataMount('members', data, 'The data')), ...(await tableMount(values.people)) };
  return withProject(mounts, async (context) => {
    const side = await listSide(context, PROJECT, 'members', readingOf(values));
    if (!side) throw new RewoundError('GALLERY_EMPTY', 'There is no file in the folder.', { help: 'Check the path.' });
    for (const line of sideLines('people', side, values.list)) stdout.line(line);
    if (side.kind === 'embeddings') return 0;
    for (const line of statistics(side)) stdout.line(line);
    if (values.names)
      for (const [identity, photos] of byPerson(side))
        stdout.line(`  ${String(photos.length).padStart(6)}  ${identity}`);
    if (values.to !== undefined) {
      await putFile(values.to, tableOf(side));
      stdout.line(values.to);
    }
    if (values.sheet !== undefined) {
      const chosen = [...byPerson(side)]
        .slice(0, MOST_ON_SHEET)
        .map(([identity, photos]) => ({ identity, photos: photos.slice(0, PHOTOS_ON_SHEET) }));
      const files = await photoFiles(
        context,
        chosen.flatMap(({ photos }) => photos),
      );
      const thumbnails = await context.compute.thumbnails(files);
      let next = 0;
      const rows = chosen.map(({ identity, photos }) => ({
        title: values.names ? identity : '',
        pictures: photos.map(() => thumbnails[next++] ?? null),
      }));
      await putFile(
        values.sheet,
        contactSheet('People', [understoodLine(side.understood), passedLine(side.understood) ?? ''], rows),
      );
      stdout.line(values.sheet);
    }
    return 0;
  });
}

/** People and photos of each on a contact sheet. */
const MOST_ON_SHEET = 60;
const PHOTOS_ON_SHEET = 6;

function byPerson({ photos }: PhotoSide): Map<string, PhotoObject[]> {
  return Map.groupBy(photos, ({ identity }) => identity);
}

/** How many people have how many photos, and how many photos are the same file. */
function statistics(side: PhotoSide): string[] {
  const counts = [...byPerson(side).values()].map(({ length }) => length);
  const bounds = [1, 2, 3, 5, 10, 20, 50, 100, Number.POSITIVE_INFINITY];
  const bins = bounds.slice(0, -1).flatMap((low, i) => {
    const high = bounds[i + 1]! - 1;
    const many = counts.filter((count) => count >= low && count <= high).length;
    const range =
      high === low ? String(low) : high === Number.POSITIVE_INFINITY ? `${low} and more` : `${low} to ${high}`;
    return many === 0 ? [] : [`  ${many.toLocaleString('en')} people with ${range} ${high === 1 ? 'photo' : 'photos'}`];
  });
  const same = side.photos.length - new Set(side.photos.map(({ md5 }) => md5)).size;
  return [...bins, ...(same > 0 ? [`  ${same.toLocaleString('en')} photos are the same file as another`] : [])];
}

/** The photos as a table of files and people that can be corrected and given back. */
function tableOf({ photos, paths }: PhotoSide): string {
  return [csvLine(['file', 'person']), ...photos.map(({ identity }, i) => csvLine([paths[i]!, identity])), ''].join(
    '\n',
  );
}
