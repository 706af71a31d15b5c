import { randomInt, randomUUID } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  fsync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from '../../errors.ts';

/** Bytes read or written at a time: one call of the system moves less than 2 GiB, and a checkpoint can be larger. */
export const CHUNK = 8 * 2 ** 20;

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

/** The file's bytes; zeros at the end if it was cut off meanwhile, which its generation then shows. */
export async function readAll({ handle, size }: OpenFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes;
}

/** What is not larger is written at once: to hand it to another thread takes longer. So it is with names. */
const SMALL = 64 * 1024;

const written = promisify(write);
const synced = promisify(fsync);

/**
 * Writes a file under a name nobody else uses and makes it durable, for the caller to move into place.
 * Returns its path and generation.
 */
export async function writeTemporary(
  folder: string,
  bytes: Uint8Array,
): Promise<{ readonly path: string; readonly generation: string }> {
  const path = join(folder, `${process.pid}-${randomUUID()}`);
  const file = openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(CHUNK, bytes.length - at);
      at +=
        bytes.length <= SMALL
          ? writeSync(file, bytes, at, length, at)
          : (await written(file, bytes, at, length, at)).bytesWritten;
    }
    // Clocks of file systems tick every few milliseconds and inode numbers are used again, so two files written in
    // the same tick could look the same. The microseconds drawn here tell them apart.
    const now = Date.now();
    futimesSync(file, now / 1000, (now + randomInt(4000) / 1000) / 1000);
    const generation = generationOf(fstatSync(file, { bigint: true }));
    await synced(file);
    return { path, generation };
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Removes what `writeTemporary` left behind in processes that have ended. */
export function clearTemporary(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number.parseInt(name, 10);
    if (!isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}

/**
 * Moves a file of `writeTemporary` to a path whose folders need not be there yet; `ifAbsent` fails with EEXIST if there
 * is something. The file is gone from where it was, whatever happens. Returns the folders to sync for the name to last.
 */
export function moveInto(from: string, path: string, ifAbsent: boolean): readonly string[] {
  let changed = [dirname(path)];
  // The one way to give a file its name that fails if the name is taken.
  const move = ifAbsent ? linkSync : renameSync;
  try {
    try {
      move(from, path);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      changed = makeFolder(dirname(path));
      move(from, path);
    }
  } catch (error) {
    unlinkSync(from);
    throw error;
  }
  if (ifAbsent) unlinkSync(from);
  return changed;
}

/** Makes a folder and its parents. Returns the folders whose entries are new. */
function makeFolder(folder: string): string[] {
  const first = mkdirSync(folder, { recursive: true });
  const changed = [folder];
  if (first === undefined) return changed;
  for (let at = folder; at.length >= first.length; at = dirname(at)) changed.push(dirname(at));
  return changed;
}

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
