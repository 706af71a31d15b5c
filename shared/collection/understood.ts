/** What was understood of a side's data, to be shown before any work starts and kept in the report. */
import { z } from 'zod';
import { REASONS, type Reason } from './entry.ts';
import { NO_PEOPLE, WAYS } from './layout.ts';

const count = z.int().min(0);

/** Files and entries that were passed over, by reason. */
export const passedSchema = z.partialRecord(z.enum(Object.keys(REASONS) as [Reason, ...Reason[]]), count);

export const understoodSchema = z.strictObject({
  /** How photos were matched to people; "nothing" where no name says who is in them. */
  way: z.enum(WAYS),
  /** Where `way` is "nothing": why names and folders were not used. */
  because: z.enum(NO_PEOPLE).optional(),
  /** Folders above the people that name no one, such as `train` and `test`. */
  above: z.array(z.string()),
  /** Archives and tables that were read, by their file names. */
  sources: z.array(z.string()),
  people: count,
  photos: count,
  /** Photos of the named person with the fewest and of the one with the most. */
  fewest: count,
  most: count,
  /** Photos that nothing says who is in. */
  unlabelled: count,
  /** Files and entries that are no photos of this side, by reason. */
  passed: passedSchema,
  /** Rows of a table that name no photo, are incomplete, or contradict others. */
  rows: z.strictObject({ missing: count, incomplete: count, contradictory: count }).optional(),
});
export type UnderstoodSide = z.infer<typeof understoodSchema>;

const MOST_NAMED = 5;

/** One line for a side: who and how much there is, and how that was told. */
export function understoodLine({
  people,
  photos,
  fewest,
  most,
  way,
  because,
  above,
  sources,
  unlabelled,
}: UnderstoodSide): string {
  const each = fewest === most ? `${most} a person` : `${fewest} to ${most} a person`;
  const counted =
    people === 0 ? `${number(photos)} photos` : `${number(people)} people, ${number(photos)} photos (${each})`;
  const from = sources.length === 0 ? '' : ` from ${listed(sources)}`;
  const who = {
    table: 'people from a table',
    labels: 'people from the labels in it',
    folders: 'one folder a person',
    names: 'people from the names of the files',
    nothing: '',
  }[way];
  const under = above.length === 0 ? '' : ` below ${listed(above)}`;
  const how =
    way === 'nothing'
      ? unlabelledWords(because)
      : `${who}${under}${unlabelled > 0 ? `, and ${number(unlabelled)} photos that the recognizer will group` : ''}`;
  return `${counted}${from}; ${how}`;
}

/** One line for a set of pictures in the place of a generator. */
export function pictureSetLine(set: { readonly format: string; readonly pictures: number; readonly folders: number }) {
  const where = set.format === 'folder' ? 'in a folder' : `from a ${set.format} archive`;
  const sorted = set.folders > 1 ? `, sorted into ${number(set.folders)} folders` : '';
  return `${number(set.pictures)} pictures ${where}${sorted}; they take the place of a generator`;
}

function unlabelledWords(because: UnderstoodSide['because']): string {
  const why = {
    flat: 'the photos are in one folder',
    'one-folder': 'the photos are in one folder',
    splits: 'the folders are splits of the collection',
    'storage-folders': 'the folders hold numbered files, and are not people',
    asked: 'as asked',
  }[because ?? 'flat'];
  return `nothing says who is in a photo (${why}): the recognizer will group them`;
}

/** One line for what was passed over; undefined where nothing was. */
export function passedLine({ passed, rows }: Pick<UnderstoodSide, 'passed' | 'rows'>): string | undefined {
  const parts = Object.entries(passed).map(([reason, many]) => `${number(many)} ${REASONS[reason as Reason]}`);
  const total = Object.values(passed).reduce((sum, many) => sum + many, 0);
  const table = Object.entries(rows ?? {}).flatMap(([what, many]) =>
    many > 0 ? [`${number(many)} rows of the table are ${ROWS[what as keyof typeof ROWS]}`] : [],
  );
  if (total === 0 && table.length === 0) return undefined;
  return [...(total > 0 ? [`passed over ${number(total)}: ${parts.join(', ')}`] : []), ...table].join('; ');
}

const ROWS = {
  missing: 'of files that are not there',
  incomplete: 'incomplete',
  contradictory: 'contradicted by others',
};

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
