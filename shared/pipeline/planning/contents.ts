/** Lists the photos in a folder of a project, loose or in archives, without a word on who is in them. */
import type { Locator, PassedOver } from '../../collection/entry.ts';
import { isTable, whyNoPhoto } from '../../collection/names.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';

type World = Pick<Context, 'objects' | 'compute'>;

const ARCHIVE = /\.(zip|tar|tgz|tar\.gz|parquet|rec|mdb)$/i;
/** First bytes by which a picture without an ending is known. */
const HEAD = 16;

/** A photo before it is known who is in it. */
export interface Candidate {
  readonly object: ObjectInfo;
  /** Relative to the folder, or to the archive. */
  readonly path: string;
  readonly archive?: string;
  readonly at?: Locator;
  readonly label?: string | undefined;
  /** MD5 of the photo's own bytes, base64, where it is known. */
  readonly content?: string | undefined;
}

/** What is in a folder of photos. */
export interface Contents {
  readonly candidates: readonly Candidate[];
  readonly passed: readonly PassedOver[];
  readonly tables: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly archives: readonly string[];
  readonly embeddings: { readonly npy?: ObjectInfo; readonly csv?: ObjectInfo; readonly about?: ObjectInfo };
  readonly files: number;
}

export interface ContentsOptions {
  readonly personColumn?: string | undefined;
  /** Whether the photos in archives are read for their digests. */
  readonly digests?: boolean;
}

/** The photos in a folder, loose or in archives, and what is passed over. Throws ARCHIVE_INVALID. */
export async function contentsOf(
  { objects, compute }: World,
  prefix: string,
  options: ContentsOptions = {},
): Promise<Contents> {
  const candidates: Candidate[] = [];
  const passed: PassedOver[] = [];
  const tables: { name: string; bytes: Uint8Array }[] = [];
  const archives: string[] = [];
  let embeddings: Contents['embeddings'] = {};
  let files = 0;
  const later: { object: ObjectInfo; path: string }[] = [];
  for await (const object of objects.list(prefix, (name, reason) => passed.push({ name, reason }))) {
    files += 1;
    const path = object.key.slice(prefix.length);
    if (!path.includes('/') && /\.npy$/i.test(path)) embeddings = { ...embeddings, npy: object };
    else if (!path.includes('/') && /\.csv$/i.test(path)) {
      embeddings = { ...embeddings, csv: object };
      later.push({ object, path });
    } else if (path === 'gallery.json') embeddings = { ...embeddings, about: object };
    else if (ARCHIVE.test(path) || isTable(path)) later.push({ object, path });
    else {
      const reason = whyNoPhoto(path) ?? (object.size === 0 ? 'empty' : undefined);
      if (reason === undefined) candidates.push({ object, path, content: object.md5 });
      else if (reason === 'not-a-picture' && !path.slice(path.lastIndexOf('/') + 1).includes('.') && object.size > 0)
        later.push({ object, path });
      else passed.push({ name: path, reason });
    }
  }
  for (const { object, path } of later) {
    if (ARCHIVE.test(path)) {
      const inside = await contentsOfArchive({ objects, compute }, object, path, options);
      archives.push(path);
      for (const one of inside.passed) passed.push(one);
      tables.push(...inside.tables);
      for (const one of inside.candidates) candidates.push(one);
    } else if (isTable(path) || /\.csv$/i.test(path)) {
      tables.push({ name: path, bytes: await objects.get(object.key, object.generation) });
    } else {
      const head = await objects.get(object.key, object.generation, { start: 0, length: Math.min(HEAD, object.size) });
      const reason = whyNoPhoto(path, () => head);
      if (reason === undefined) candidates.push({ object, path, content: object.md5 });
      else passed.push({ name: path, reason });
    }
  }
  return { candidates, passed, tables, archives, embeddings, files };
}

/** The photos in one archive, and what is passed over. `name` is what the archive is called. Throws ARCHIVE_INVALID. */
export async function contentsOfArchive(
  { objects, compute }: World,
  object: ObjectInfo,
  name: string,
  { personColumn, digests = false }: ContentsOptions,
): Promise<Pick<Contents, 'candidates' | 'passed' | 'tables'>> {
  const path = await objects.file(object.key, object.generation);
  const { entries, passed, tables } = await compute.listArchive({ path, personColumn, digests });
  const candidates = entries.map((entry): Candidate => {
    const { at, label, md5 } = entry;
    return { object, path: entry.name, archive: name, at, label, content: md5 };
  });
  return { candidates, passed, tables };
}
