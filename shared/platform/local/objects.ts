/** Stores objects as plain files. */
import { accessSync, constants, statSync, unlinkSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RewoundError } from '../../errors.ts';
import type { ObjectInfo, Objects, OnUnlisted } from '../ports.ts';
import type { Trash } from './clear.ts';
import { type Digests, md5Of } from './digests.ts';
import type { Drafts } from './drafts.ts';
import { changed, fileError, guard, notFound } from './file-errors.ts';
import { generationOf, type OpenFile, readRange, removeEmpty, syncFolder } from './files.ts';
import { isMissing, type Located, type Tree } from './tree.ts';
import type { Writer } from './writer.ts';

export interface LocalObjectsOptions {
  readonly tree: Tree;
  readonly digests: Digests;
  readonly drafts: Drafts;
  readonly writer: Writer;
  readonly trash: Trash;
}

type Found = Omit<OpenFile, 'handle'>;

/** Files that `list` describes at a time. */
const AHEAD = 16;

/**
 * Objects as plain files: what a user copies into the folder is an object like any other. A file that changes while it
 * is read is one that somebody is still copying, and no object yet.
 */
export function localObjects({ tree, digests, drafts, writer, trash }: LocalObjectsOptions): Objects {
  /** The file at a place, or undefined if there is none. */
  async function find(place: Located): Promise<Found | undefined> {
    const path = await tree.real(place);
    if (path === undefined) return undefined;
    const stats = await tree.stat(path, place);
    // Anything else must not be opened: a named pipe would wait for its writer.
    return stats.isFile() ? { path, size: Number(stats.size), generation: generationOf(stats) } : undefined;
  }

  async function describe(place: Located): Promise<ObjectInfo | undefined> {
    const { key } = place;
    const found = await orMissing(find(place));
    if (!found) return undefined;
    const md5 = digests.known(found);
    if (md5 !== undefined) return { key, size: found.size, generation: found.generation, md5 };
    return orMissing(
      withOpen(found.path, async (file) => {
        const read = await digests.read(file);
        return read === undefined ? undefined : { key, size: file.size, generation: file.generation, md5: read };
      }),
    );
  }

  /** What `use` makes of the object's file. Throws NOT_FOUND, or OBJECT_CHANGED for another generation. */
  async function read<T>(key: string, generation: string | undefined, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const place = tree.locate(key);
    const found = place && (await orMissing(find(place)));
    const result =
      found &&
      (await orMissing(
        withOpen(found.path, async (file) => {
          if (generation !== undefined && generation !== file.generation) throw changed();
          return { value: await use(file) };
        }),
      ));
    if (!result) throw notFound();
    return result.value;
  }

  async function file(key: string, generation: string | undefined): Promise<string> {
    const place = tree.locate(key);
    const found = place && (await orMissing(find(place)));
    if (!found) throw notFound();
    if (generation !== undefined && generation !== found.generation) throw changed();
    if (place.mounted) await access(found.path, constants.R_OK);
    else accessSync(found.path, constants.R_OK);
    return found.path;
  }

  async function put(key: string, bytes: Uint8Array, ifAbsent: boolean): Promise<ObjectInfo> {
    const place = writer.place(key);
    const md5 = md5Of(bytes);
    return writer.move(await drafts.write(bytes), place, { size: bytes.length, md5 }, ifAbsent);
  }

  async function* list(prefix: string, onUnlisted: OnUnlisted | undefined): AsyncGenerator<ObjectInfo> {
    let batch: Located[] = [];
    let tooDeep: RewoundError | undefined;
    try {
      for await (const place of tree.walk(prefix, onUnlisted)) {
        batch.push(place);
        if (batch.length < AHEAD) continue;
        yield* await present(batch);
        batch = [];
      }
    } catch (error) {
      if (!(error instanceof RewoundError && error.code === 'TOO_DEEP')) throw error;
      tooDeep = error;
    }
    yield* await present(batch);
    if (tooDeep) throw tooDeep;
  }

  async function present(places: readonly Located[]): Promise<ObjectInfo[]> {
    return (await Promise.all(places.map(describe))).filter((info) => info !== undefined);
  }

  async function remove(key: string): Promise<void> {
    if (!tree.locate(key)) return;
    const { path } = writer.place(key);
    if (statSync(path).isDirectory()) return;
    unlinkSync(path);
    drafts.clear();
    digests.forget(path);
    await syncFolder(removeEmpty(dirname(path), tree.root));
  }

  async function clear(folder: string): Promise<Pick<ObjectInfo, 'key' | 'size'>[]> {
    if (!tree.locate(folder)) return [];
    const { path } = writer.place(folder);
    const removed = await trash.remove(path);
    drafts.clear();
    for (const { name } of removed) digests.forget(join(path, name));
    await syncFolder(removeEmpty(dirname(path), tree.root));
    return removed.map(({ name, size }) => ({ key: `${folder}/${name}`, size }));
  }

  return {
    head: (key) =>
      guard(async () => {
        const place = tree.locate(key);
        return place && (await describe(place));
      }),
    get: (key, generation, range) =>
      guard(() =>
        read(key, generation, async (file) => {
          const bytes = await readRange(file, range);
          if (generationOf(await file.handle.stat({ bigint: true })) !== file.generation) throw changed();
          return bytes;
        }),
      ),
    put: (key, bytes, { ifAbsent = false } = {}) => guard(() => put(key, bytes, ifAbsent)),
    async *list(prefix, onUnlisted) {
      try {
        yield* list(prefix, onUnlisted);
      } catch (error) {
        throw fileError(error);
      }
    },
    delete: (key) => guard(async () => void (await orMissing(remove(key)))),
    clear: (folder) => guard(async () => (await orMissing(clear(folder))) ?? []),
    file: (key, generation) => guard(() => file(key, generation)),
    part: (key, { start }, generation) => guard(async () => ({ path: await file(key, generation), start })),
  };
}

async function withOpen<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const stats = await handle.stat({ bigint: true });
    return await use({ path, handle, size: Number(stats.size), generation: generationOf(stats) });
  } finally {
    await handle.close();
  }
}

/** The result, or undefined if a file was not there or vanished on the way. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
