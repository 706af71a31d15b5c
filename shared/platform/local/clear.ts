/** Deleting a folder with all that is below it, however deep. */
import { randomUUID } from 'node:crypto';
import { chmodSync, type Dirent, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { isAlive } from './drafts.ts';
import { syncFolder } from './files.ts';
import { PRIVATE_FOLDER } from './private.ts';

/** A file that was removed: its path below the folder, with slashes, and its size. */
export interface Removed {
  readonly name: string;
  readonly size: number;
}

/** Folders in any trash that calls of this process are removing. */
const busy = new Set<string>();

/** Entries after which the event loop has a turn. */
const AT_ONCE = 256;

/**
 * Where folders are moved before they are removed. Each folder inside them is moved there too before it is looked into,
 * so that every path is short: a system refuses paths of more than 4,096 bytes, and each further level makes a path
 * slower to use. The first move takes the whole folder away at once; a process that dies leaves the rest here, and the
 * next one removes it. Symbolic links are removed, never followed.
 */
export class Trash {
  readonly #folder: string;

  /** `folder` exists, in the file system of all that is to be removed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Removes what processes that have ended left behind. */
  async recover(): Promise<void> {
    const left = readdirSync(this.#folder)
      .filter((name) => Number.parseInt(name, 10) === process.pid || !isAlive(Number.parseInt(name, 10)))
      .map((name) => join(this.#folder, name))
      .filter((path) => !busy.has(path));
    for (const path of left) busy.add(path);
    await this.#empty(left.map((path) => ({ path, name: '' })));
  }

  /** Removes a folder, nothing if there is none. What an earlier call could not remove is tried again first. */
  async remove(folder: string): Promise<Removed[]> {
    await this.recover();
    if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
    const path = this.#move(folder);
    const removed = await this.#empty([{ path, name: '' }]);
    await syncFolder(this.#folder);
    return removed;
  }

  async #empty(folders: { readonly path: string; readonly name: string }[]): Promise<Removed[]> {
    const removed: Removed[] = [];
    const mine = new Set(folders.map(({ path }) => path));
    let seen = 0;
    try {
      for (let at = folders.pop(); at; at = folders.pop()) {
        for (const entry of entriesOf(at.path)) {
          const path = Buffer.concat([Buffer.from(`${at.path}/`), entry.name]);
          const name = at.name + entry.name.toString();
          if (entry.isDirectory()) {
            const moved = this.#move(path);
            mine.add(moved);
            folders.push({ path: moved, name: `${name}/` });
          } else {
            if (entry.isFile()) removed.push({ name, size: lstatSync(path).size });
            unlinkSync(path);
          }
          seen += 1;
          if (seen % AT_ONCE === 0) await immediate();
        }
        rmdirSync(at.path);
      }
    } finally {
      for (const path of mine) busy.delete(path);
    }
    return removed;
  }

  #move(folder: string | Buffer): string {
    const path = join(this.#folder, `${process.pid}-${randomUUID()}`);
    // A folder that may not be written may not be moved either.
    allowAll(folder);
    renameSync(folder, path);
    busy.add(path);
    return path;
  }
}

/** A folder's entries; names as the disk has them, which need not be UTF-8. */
function entriesOf(path: string): Dirent<Buffer>[] {
  return readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
}

/** Lets the owner of a folder do everything in it, as deleting needs. */
function allowAll(folder: string | Buffer): void {
  const { mode } = lstatSync(folder);
  if ((mode & PRIVATE_FOLDER) !== PRIVATE_FOLDER) chmodSync(folder, PRIVATE_FOLDER);
}
