/** Reads, moves and syncs files. */
import { type BigIntStats, closeSync, fsync, linkSync, mkdirSync, openSync, renameSync, rmdirSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { promisify } from 'node:util';
import { isErrno, RewoundError } from '../../errors.ts';
import type { Range } from '../ports.ts';
import { PRIVATE_FOLDER } from './private.ts';

/** Bytes read or written at a time: one call of the system moves less than 2 GiB, and a checkpoint can be larger. */
export const CHUNK = 8 * 2 ** 20;

/** Bytes of an object that is read into memory at once; a file may claim any size without having it. */
const MOST_WHOLE = 2 ** 32;

export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  readonly generation: string;
}

/** What tells two contents at one path apart without reading them. */
export function generationOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.mtimeNs}-${stats.size}`;
}

/** The file's bytes from its start, in pieces that are valid until the next one is asked for. */
export async function* readChunks({ handle, size }: OpenFile): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(CHUNK, size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** The file's bytes, or a part of them; zeros at the end if it was cut off meanwhile, which its generation then shows. */
export async function readRange(
  { handle, size }: OpenFile,
  { start, length }: Range = { start: 0, length: size },
): Promise<Uint8Array> {
  const wanted = Math.max(0, Math.min(length, size - start));
  if (wanted > MOST_WHOLE) {
    throw new RewoundError('TOO_LARGE', 'A file is too large to be read as a whole.', {
      help: 'Cards, labels and photos are small, and embeddings below 4 GiB: check that it is the right file.',
    });
  }
  const bytes = new Uint8Array(wanted);
  for (let at = 0; at < wanted; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, wanted - at), start + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes;
}

/**
 * Moves a file to a path whose folders need not be there yet. With `ifAbsent` it fails with EEXIST if there is something,
 * and the file keeps its old name too. Returns the folders to sync for the new name to last.
 */
export function moveInto(from: string, path: string, ifAbsent: boolean): readonly string[] {
  // The one way to give a file its name that fails if the name is taken.
  const move = ifAbsent ? linkSync : renameSync;
  const folder = dirname(path);
  try {
    move(from, path);
    return [folder];
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const changed = makeFolder(folder);
  move(from, path);
  return changed;
}

/**
 * Removes a folder below `root` if it is empty, and those above it that are empty then, but not those directly below
 * `root`: a folder may be called like a person. Returns the folder that is left, to sync. As this does not wait, nobody in
 * this process makes a folder and moves a file into it meanwhile.
 */
export function removeEmpty(folder: string, root: string): string {
  let at = folder;
  while (dirname(at).startsWith(root + sep)) {
    try {
      rmdirSync(at);
    } catch (error) {
      // Not empty, or somebody else's to remove.
      if (!isErrno(error, 'ENOENT')) return at;
    }
    at = dirname(at);
  }
  return at;
}

/** Makes a folder and its parents. Returns the folders whose entries are new. */
function makeFolder(folder: string): string[] {
  const first = mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const changed = [folder];
  if (first === undefined) return changed;
  for (let at = folder; at.length >= first.length; at = dirname(at)) changed.push(dirname(at));
  return changed;
}

const synced = promisify(fsync);

/** Folder -> the sync of it that has not begun yet. */
const toCome = new Map<string, Promise<void>>();
/** Folder -> the last sync of it that began. */
const underWay = new Map<string, Promise<void>>();

/**
 * Makes the names in a folder durable. Who asks while it is being synced shares the next time with all others who do.
 * Windows cannot and need not.
 */
export function syncFolder(folder: string): Promise<void> {
  const next = toCome.get(folder);
  if (next) return next;
  const before = underWay.get(folder) ?? Promise.resolve();
  const mine = before
    .catch(() => undefined)
    .then(() => {
      toCome.delete(folder);
      underWay.set(folder, mine);
      return syncNow(folder);
    })
    .finally(() => {
      if (underWay.get(folder) === mine) underWay.delete(folder);
    });
  toCome.set(folder, mine);
  return mine;
}

async function syncNow(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    await synced(file);
  } finally {
    closeSync(file);
  }
}
