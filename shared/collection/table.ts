/** Reads tables that say who is in a photo, as data sets come with them: any separator, UTF-8 or UTF-16, with or without a header. */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { RewoundError } from '../errors.ts';
import { stemOf } from './layout.ts';
import { PERSON_COLUMNS } from './person-columns.ts';

/** What a row says of one photo. */
export interface TableRow {
  /** As the table names it: a path, or the name of the file alone. */
  readonly file: string;
  readonly person: string | undefined;
  readonly side: Side | undefined;
}

const SIDES = ['members', 'controls', 'placebo'] as const;
export type Side = (typeof SIDES)[number];

export interface Table {
  readonly rows: readonly TableRow[];
  /** Rows without a file or, where the table has a column for it, without a person or a known side. */
  readonly incomplete: number;
  /** The columns that were used, as the header calls them or by their number from 1. */
  readonly columns: { readonly file: string; readonly person: string | undefined; readonly side: string | undefined };
}

export interface TableOptions {
  /** The column of people, as the header calls it. */
  readonly personColumn?: string | undefined;
}

/** Names of columns, as data sets call them, in the order of preference. */
const FILE_COLUMNS = [
  'file',
  'file_name',
  'filename',
  'image_id',
  'image',
  'img',
  'path',
  'filepath',
  'image_path',
  'photo',
  'picture',
  'name',
];
const SIDE_COLUMN = 'side';
const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|gif|avif|tiff?|p[gnp]m|bmp|heic|heif|jxl|jp2|jpg_large)$/i;
const SEPARATORS = ['\t', ';', ',', ' '] as const;
/** Rows from which the separator is told. */
const SAMPLE = 200;

/**
 * Reads a table of photos and people: text with a separator, or JSON lines.
 * Throws TABLE_INVALID where columns cannot be told apart or a person column that was asked for is not there.
 */
export function parseTable(bytes: Uint8Array, options: TableOptions = {}): Table {
  const text = decodeText(bytes);
  const { header, rows } = /^\s*\{/.test(text) ? jsonLines(text) : separated(text);
  if (rows.length === 0)
    throw invalid('The table of people has no rows.', 'Write one line a photo: its file and the person.');
  const columns = header ? byHeader(header, rows, options) : byContent(rows, options);
  const read = rows.map(
    (row): TableRow => ({
      file: normalPath(row[columns.file] ?? ''),
      person: columns.person === undefined ? undefined : row[columns.person]?.trim() || undefined,
      side: columns.side === undefined ? undefined : sideOf(row[columns.side] ?? ''),
    }),
  );
  const isWhole = ({ file, person, side }: TableRow) =>
    file !== '' &&
    (columns.person === undefined || person !== undefined) &&
    (columns.side === undefined || side !== undefined);
  const name = (column: number | undefined) =>
    column === undefined ? undefined : (header?.[column] ?? String(column + 1));
  const whole = read.filter(isWhole);
  return {
    rows: whole,
    incomplete: read.length - whole.length,
    columns: { file: name(columns.file)!, person: name(columns.person), side: name(columns.side) },
  };
}

/** The entries of a list, one a line: people or files. Throws TABLE_INVALID where there is none. */
export function parseList(bytes: Uint8Array): readonly string[] {
  const entries = decodeText(bytes)
    .split(/\r\n|\r|\n/)
    .map((line) => normalPath(line.trim()))
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (entries.length === 0)
    throw invalid('A list of people or files is empty.', 'Write one person or one file a line.');
  return [...new Set(entries)];
}

/** What a table says of each of the paths, in their order, and how many rows name no photo. */
export function matchTable({ rows }: Pick<Table, 'rows'>, paths: readonly string[]) {
  const find = fileFinder(paths);
  const found = new Array<TableRow | undefined>(paths.length);
  let missing = 0;
  let contradictory = 0;
  for (const row of rows) {
    const at = find(row.file);
    if (at === undefined) missing += 1;
    else if (found[at] && (found[at].person !== row.person || found[at].side !== row.side)) contradictory += 1;
    else found[at] = row;
  }
  return { found, missing, contradictory };
}

/**
 * Finds photos as tables name them: by the whole path, by the end of it, by the file's name, and by that without its
 * ending, because data sets are converted to other formats and their tables are not. A name that fits several finds none.
 */
function fileFinder(paths: readonly string[]): (file: string) => number | undefined {
  const byPath = new Map(paths.map((path, i) => [path, i]));
  const byName = unique(paths, (path) => path.slice(path.lastIndexOf('/') + 1));
  const byStem = unique(paths, (path) => stemOf(path.slice(path.lastIndexOf('/') + 1)));
  const byTail = unique(paths, (path) => path.split('/').slice(-2).join('/'));
  return (file) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const tail = file.split('/').slice(-2).join('/');
    const at =
      byPath.get(file) ??
      (file.includes('/') ? byTail.get(tail) : undefined) ??
      byName.get(name) ??
      byStem.get(stemOf(name));
    return at === undefined || at < 0 ? undefined : at;
  };
}

/** What each name stands for; -1 where several paths have it. */
function unique(paths: readonly string[], nameOf: (path: string) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [i, path] of paths.entries()) {
    const name = nameOf(path);
    found.set(name, found.has(name) ? -1 : i);
  }
  return found;
}

/** UTF-8, or UTF-16 where a byte order mark or the zero bytes of Latin letters say so. */
function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (bytes.length >= 4 && b === 0 && bytes[3] === 0) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes.length >= 4 && a === 0 && bytes[2] === 0) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

interface Read {
  readonly header: readonly string[] | undefined;
  readonly rows: readonly (readonly string[])[];
}

const lineSchema = z.record(z.string(), z.unknown());

function jsonLines(text: string): Read {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const objects = lines.map((line) => {
    try {
      return lineSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw invalid('A line of the table of people is not a JSON object.', 'Write one JSON object a line.', cause);
    }
  });
  const header = [...new Set(objects.flatMap((one) => Object.keys(one)))];
  const cell = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  return { header, rows: objects.map((one) => header.map((key) => cell(one[key]))) };
}

function separated(text: string): Read {
  const lines = text.split(/\r\n|\r|\n/, SAMPLE).filter((line) => line.trim() !== '');
  // What is quoted holds no separators.
  const delimiter = separatorOf(lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, '""')));
  let rows: string[][];
  try {
    rows = parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
      // Tables that are laid out with spaces have several of them between two cells.
      ...(delimiter === ' ' ? { quote: null, ltrim: true, rtrim: true } : {}),
    });
  } catch (cause) {
    throw invalid(
      'The table of people cannot be read.',
      'Check its quotes: a cell that opens one must close it.',
      cause,
    );
  }
  if (delimiter === ' ') rows = rows.map((row) => row.filter((cell) => cell !== ''));
  const [first] = rows;
  const isHeader = first !== undefined && first.length > 1 && isHeaderRow(first);
  return isHeader ? { header: first, rows: rows.slice(1) } : { header: undefined, rows: withoutCount(rows) };
}

/** CelebA's tables begin with a line that holds the number of rows. */
function withoutCount(rows: string[][]): string[][] {
  const [first, second] = rows;
  return first?.length === 1 && second && second.length > 1 && /^\d+$/.test(first[0]!) ? rows.slice(1) : rows;
}

function isHeaderRow(cells: readonly string[]): boolean {
  const known = new Set([...FILE_COLUMNS, ...PERSON_COLUMNS, SIDE_COLUMN]);
  return !cells.some((cell) => PICTURE.test(cell)) && cells.some((cell) => known.has(cell.toLowerCase()));
}

/** The separator that gives the rows the same number of cells, two at least. */
function separatorOf(lines: readonly string[]): (typeof SEPARATORS)[number] {
  const cells = (line: string, separator: string) =>
    separator === ' ' ? line.trim().split(/ +/).length : line.split(separator).length;
  const even = (separator: string) => {
    const counts = lines.map((line) => cells(line, separator));
    const usual = counts[Math.floor(counts.length / 2)] ?? 0;
    return usual > 1 ? counts.filter((count) => count === usual).length / counts.length : 0;
  };
  const [best] = SEPARATORS.map((separator) => ({ separator, even: even(separator) })).sort((a, b) => b.even - a.even);
  return best && best.even > 0 ? best.separator : ',';
}

interface Columns {
  readonly file: number;
  readonly person: number | undefined;
  readonly side: number | undefined;
}

function byHeader(header: readonly string[], rows: Read['rows'], { personColumn }: TableOptions): Columns {
  const lower = header.map((name) => name.trim().toLowerCase());
  const at = (name: string) => {
    const place = lower.indexOf(name.toLowerCase());
    return place < 0 ? undefined : place;
  };
  const side = at(SIDE_COLUMN);
  const file =
    header.findIndex((_, i) => i !== side && share(rows, i, (cell) => PICTURE.test(cell)) > 0.9) >= 0
      ? header.findIndex((_, i) => i !== side && share(rows, i, (cell) => PICTURE.test(cell)) > 0.9)
      : FILE_COLUMNS.map(at).find((place) => place !== undefined);
  if (file === undefined) {
    throw invalid('The table of people has no column of files.', `Call it one of: ${FILE_COLUMNS.join(', ')}.`);
  }
  if (personColumn !== undefined) {
    const person = at(personColumn);
    if (person === undefined)
      throw invalid(
        'The table of people has no column of the name that was given.',
        'Check --person-column against the first line of the table.',
      );
    return { file, person, side };
  }
  const fitting = PERSON_COLUMNS.map(at).filter((place) => place !== undefined && place !== file);
  const others = header.map((_, i) => i).filter((i) => i !== file && i !== side);
  const person = fitting[0] ?? (others.length === 1 ? others[0] : undefined);
  if (person === undefined && side === undefined) {
    throw invalid(
      'The table of people has several columns, and none is called "person".',
      'Say which one holds the person: --person-column NAME.',
    );
  }
  return { file, person, side };
}

function byContent(rows: Read['rows'], { personColumn }: TableOptions): Columns {
  if (personColumn !== undefined && !/^\d+$/.test(personColumn)) {
    throw invalid(
      'The table of people has no header, so that its columns have no names.',
      'Give --person-column the number of the column, from 1.',
    );
  }
  const width = Math.max(...rows.slice(0, SAMPLE).map(({ length }) => length));
  const columns = Array.from({ length: width }, (_, i) => i);
  const side = columns.find((i) => share(rows, i, (cell) => sideOf(cell) !== undefined) > 0.9);
  const file = columns.find((i) => share(rows, i, (cell) => PICTURE.test(cell)) > 0.9) ?? 0;
  const others = columns.filter((i) => i !== file && i !== side);
  const person = personColumn === undefined ? others[0] : Number(personColumn) - 1;
  if (personColumn === undefined && others.length > 1) {
    throw invalid(
      'The table of people has several columns and no header.',
      'Say which one holds the person: --person-column with its number, from 1.',
    );
  }
  if (person === undefined && side === undefined) {
    throw invalid('The table of people has one column.', 'Write the file and the person in each line.');
  }
  return { file, person, side };
}

function share(rows: Read['rows'], column: number, fits: (cell: string) => boolean): number {
  const seen = rows.slice(0, SAMPLE);
  return seen.filter((row) => fits(row[column] ?? '')).length / seen.length;
}

function sideOf(cell: string): Side | undefined {
  const word = cell.trim().toLowerCase();
  return SIDES.find((side) => side === word || side === `${word}s`);
}

function normalPath(path: string): string {
  return path
    .trim()
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '');
}

function invalid(message: string, help: string, cause?: unknown): RewoundError {
  return new RewoundError('TABLE_INVALID', message, { help, cause });
}
