/** Writes files under temporary names before they are moved into place. */
import { randomInt, randomUUID } from 'node:crypto';
import { closeSync, fstatSync, fsync, futimesSync, openSync, readdirSync, rmSync, write, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from '../../errors.ts';
import { CHUNK, generationOf } from './files.ts';
import { PRIVATE_FILE } from './private.ts';

/** A file that is complete and on the disk, but not in its place yet. */
export interface Draft {
  readonly path: string;
  /** Also of the file that it becomes. */
  readonly generation: string;
}

/** What is not larger is written at once: to hand it to another thread takes longer. */
const SMALL = 64 * 1024;
/** Names that are kept at most when they are no longer needed. */
const MOST_LEFT = 64;

const written = promisify(write);
const synced = promisify(fsync);

/**
 * The folder where files are written before they are moved into place, under names that nobody else uses.
 *
 * To remove a name from a folder waits while the disk's journal writes that folder down, which with many writers is most
 * of the time; but the next ones are then free. So names are removed several at a time, and all once nobody writes.
 */
export class Drafts {
  readonly #folder: string;
  #used = 0;
  #left: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what processes that have ended left behind. */
  recover(): void {
    for (const name of readdirSync(this.#folder)) {
      const pid = Number.parseInt(name, 10);
      if (!isAlive(pid)) rmSync(join(this.#folder, name), { force: true });
    }
  }

  /** Writes a draft, which must be released when it has its place, or has none. */
  async write(bytes: Uint8Array): Promise<Draft> {
    const path = join(this.#folder, `${process.pid}-${randomUUID()}`);
    this.#used++;
    try {
      return { path, generation: await create(path, bytes) };
    } catch (error) {
      this.discard({ path });
      throw error;
    }
  }

  /**
   * Writes a draft from pieces as they come: memory holds one of them. It must be released too; if the pieces end with
   * an error, nothing is left of it.
   */
  async receive(pieces: AsyncIterable<Uint8Array>): Promise<Draft> {
    const path = join(this.#folder, `${process.pid}-${randomUUID()}`);
    this.#used++;
    try {
      return { path, generation: await fill(path, pieces) };
    } catch (error) {
      this.discard({ path });
      // At once: it may be large, and others may go on writing for long.
      this.clear();
      throw error;
    }
  }

  /** The draft's own name is no longer needed. */
  discard({ path }: Pick<Draft, 'path'>): void {
    this.#used--;
    this.#left.push(path);
    if (this.#used === 0 || this.#left.length >= MOST_LEFT) this.clear();
  }

  /** Removes names that are no longer needed: as long as there is one, what is in the file stays on the disk. */
  clear(): void {
    const left = this.#left;
    this.#left = [];
    for (const path of left) rmSync(path, { force: true });
  }
}

/** Writes a new file and makes its content durable. Returns its generation. */
async function create(path: string, bytes: Uint8Array): Promise<string> {
  const file = openSync(path, 'wx', PRIVATE_FILE);
  try {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(CHUNK, bytes.length - at);
      at +=
        bytes.length <= SMALL
          ? writeSync(file, bytes, at, length, at)
          : (await written(file, bytes, at, length, at)).bytesWritten;
    }
    return await complete(file);
  } finally {
    closeSync(file);
  }
}

/** The same from pieces. */
async function fill(path: string, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const file = openSync(path, 'wx', PRIVATE_FILE);
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += (await written(file, piece, at, piece.length - at)).bytesWritten;
    }
    return await complete(file);
  } finally {
    closeSync(file);
  }
}

/** Makes what was written durable. Returns its generation. */
async function complete(file: number): Promise<string> {
  // Clocks of file systems tick every few milliseconds and inode numbers are used again, so two files written in
  // the same tick could look the same. The microseconds drawn here tell them apart.
  const now = Date.now();
  futimesSync(file, now / 1000, (now + randomInt(4000) / 1000) / 1000);
  const generation = generationOf(fstatSync(file, { bigint: true }));
  await synced(file);
  return generation;
}

/** Whether a process with this id runs. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}
