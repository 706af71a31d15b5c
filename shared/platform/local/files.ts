import { randomInt, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/**
 * Writes a file under a name nobody else uses and makes it durable, for the caller to move into place.
 * Returns its path and generation.
 */
export async function writeTemporary(
  folder: string,
  bytes: Uint8Array,
): Promise<{ readonly path: string; readonly generation: string }> {
  const path = join(folder, `${process.pid}-${randomUUID()}`);
  const handle = await open(path, 'wx');
  try {
    for (let at = 0; at < bytes.length; ) {
      at += (await handle.write(bytes, at, Math.min(CHUNK, bytes.length - at), at)).bytesWritten;
    }
    // Clocks of file systems tick every few milliseconds and inode numbers are used again, so two files written in
    // the same tick could look the same. The microseconds drawn here tell them apart.
    const { atimeMs, mtimeMs } = await handle.stat();
    await handle.utimes(atimeMs / 1000, (Math.floor(mtimeMs) + randomInt(4000) / 1000) / 1000);
    await handle.sync();
    return { path, generation: generationOf(await handle.stat({ bigint: true })) };
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await handle.close();
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

/** Makes a folder and its parents. Returns the folders whose entries must be synced with the new file's. */
export async function makeFolder(folder: string): Promise<string[]> {
  const first = await mkdir(folder, { recursive: true });
  const changed = [folder];
  if (first === undefined) return changed;
  for (let at = folder; at.length >= first.length; at = dirname(at)) changed.push(dirname(at));
  return changed;
}

/** Makes the names in a folder durable. Windows cannot and need not. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
