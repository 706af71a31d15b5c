/** Lists and reads pictures in parquet files, as the Hugging Face Hub has them: a column {bytes, path}, and others. */
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { z } from 'zod';
import type { Bytes } from '../bytes.ts';
import { type Entry, type Listing, MOST_ENTRIES, type PassedOver } from '../entry.ts';
import { unreadable } from '../faults.ts';
import { PERSON_COLUMNS } from '../person-columns.ts';

/** Rows whose pictures are in memory at the same time. */
const ROWS_AT_ONCE = 64;

const pictureSchema = z.union([
  z.instanceof(Uint8Array),
  z.object({ bytes: z.instanceof(Uint8Array).nullish() }).transform(({ bytes }) => bytes ?? null),
  z.null(),
  z.undefined().transform(() => null),
]);

/** Names of classes, which Hugging Face keeps with the schema. */
const featuresSchema = z.object({
  info: z.object({ features: z.record(z.string(), z.looseObject({ names: z.array(z.string()).optional() })) }),
});

export async function listParquet(source: Bytes, personColumn: string | undefined): Promise<Listing> {
  const file = asyncBuffer(source);
  const metadata = await metadataOf(file);
  const picture = pictureColumn(metadata);
  const rows = Number(metadata.num_rows);
  if (rows > MOST_ENTRIES) throw unreadable(`holds more than ${MOST_ENTRIES} rows`, 'Split it.');
  const person = personOf(metadata, picture, personColumn);
  const names = person === undefined ? undefined : classNames(metadata, person);
  const people = person === undefined ? [] : await read(file, metadata, person, 0, rows);
  const entries: Entry[] = [];
  const passed: PassedOver[] = [];
  for (let row = 0; row < rows; row++) {
    const name = String(row).padStart(8, '0');
    const label = person === undefined ? undefined : labelOf(people[row], names);
    entries.push({ name, at: { row }, size: 0, ...(label === undefined ? {} : { label }) });
  }
  return { format: 'parquet', entries, passed, tables: [] };
}

/** The pictures of these rows, which ascend; an empty one where a row has none. */
export async function* readRows(source: Bytes, rows: readonly number[]): AsyncGenerator<Uint8Array> {
  const file = asyncBuffer(source);
  const metadata = await metadataOf(file);
  const picture = pictureColumn(metadata);
  for (let i = 0; i < rows.length; ) {
    const first = rows[i]!;
    let last = i;
    while (last + 1 < rows.length && rows[last + 1]! - first < ROWS_AT_ONCE) last += 1;
    const values = await read(file, metadata, picture, first, rows[last]! + 1);
    for (; i <= last; i++) {
      const parsed = pictureSchema.safeParse(values[rows[i]! - first]);
      yield (parsed.success ? parsed.data : null) ?? new Uint8Array();
    }
  }
}

async function metadataOf(file: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(file);
  } catch (cause) {
    throw unreadable('is no parquet file that can be read', undefined, cause);
  }
}

async function read(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  rowStart: number,
  rowEnd: number,
): Promise<unknown[]> {
  try {
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: [column],
      rowStart,
      rowEnd,
      compressors,
      utf8: false,
    });
    return rows.map((row): unknown => row[column]);
  } catch (cause) {
    throw unreadable('has a damaged page', undefined, cause);
  }
}

/** The column of pictures: a struct with bytes and path, else one called as pictures are that holds bytes. */
function pictureColumn(metadata: FileMetaData): string {
  const { children } = parquetSchema(metadata);
  const isStruct = (column: (typeof children)[number]) =>
    column.children.some(({ element }) => element.name === 'bytes');
  const isBytes = ({ element }: (typeof children)[number]) =>
    element.type === 'BYTE_ARRAY' &&
    element.converted_type !== 'UTF8' &&
    /^(image|img|picture|photo|face|jpe?g|png|bytes|content)$/i.test(element.name);
  const found = children.find(isStruct) ?? children.find(isBytes);
  if (found) return found.element.name;
  throw unreadable(
    'is a parquet file without a column of pictures',
    'Pictures are taken from a column {bytes, path}, as Hugging Face writes it, or from one of bytes called "image".',
  );
}

function personOf(metadata: FileMetaData, picture: string, asked: string | undefined): string | undefined {
  const names = parquetSchema(metadata)
    .children.map(({ element }) => element.name)
    .filter((name) => name !== picture);
  if (asked !== undefined) {
    if (names.includes(asked)) return asked;
    throw unreadable('is a parquet file without the column of people that was asked for', 'Check --person-column.');
  }
  return PERSON_COLUMNS.map((known) => names.find((name) => name.toLowerCase() === known)).find(
    (name) => name !== undefined,
  );
}

function classNames(metadata: FileMetaData, column: string): readonly string[] | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return undefined;
  try {
    return featuresSchema.parse(JSON.parse(text)).info.features[column]?.names;
  } catch {
    return undefined;
  }
}

function labelOf(value: unknown, names: readonly string[] | undefined): string | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return names?.[Number(value)] ?? String(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value) || undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asyncBuffer(source: Bytes): AsyncBuffer {
  return {
    byteLength: source.size,
    slice(start, end = source.size) {
      const { buffer, byteOffset, byteLength } = source.read(start, end - start);
      const copy = new ArrayBuffer(byteLength);
      new Uint8Array(copy).set(new Uint8Array(buffer, byteOffset, byteLength));
      return copy;
    },
  };
}
