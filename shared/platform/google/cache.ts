/** Keeps downloaded objects as files. */
import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, RewoundError } from '../../errors.ts';

export interface CacheOptions {
  /** Made if missing. Belongs to one process at a time. */
  readonly folder: string;
  /** Bytes that the folder may hold; on Cloud Run it lies in memory. Must hold what one step uses at the same time. */
  readonly limit: number;
}

export interface Cached {
  /** What tells this content from any other. */
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Writes the content to a path; rejects if it cannot, or if it arrived damaged. */
  fill(path: string): Promise<void>;
}

export interface Cache {
  /** Path of a file with this content. Throws STORAGE_FULL, and whatever `fill` throws. */
  file(content: Cached): Promise<string>;
}

interface Entry {
  readonly size: number;
  /** The path, once the content is there. */
  readonly ready: Promise<string>;
  isReady: boolean;
}

const ENTRY = /^[0-9a-f]{64}$/;

/** What a process that ended left unfinished is removed after this time: another one might be at work still. */
const UNFINISHED_MS = 3_600_000;

/**
 * Files by content. One that is asked for several times at once is fetched once; none is seen before it is complete.
 * The least recently used make room for others: on Linux whoever has them open or mapped keeps them.
 */
export function fileCache({ folder, limit }: CacheOptions): Cache {
  /** The least recently used first. */
  const entries = new Map<string, Entry>();
  let scanned: Promise<void> | undefined;

  async function scan(): Promise<void> {
    // The names do not say whose the contents are, and nobody else may read them.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found: Array<{ name: string; size: number; changed: number }> = [];
    for (const name of await readdir(folder)) {
      const stats = await stat(join(folder, name)).catch(() => undefined);
      if (!stats) continue;
      if (ENTRY.test(name)) found.push({ name, size: stats.size, changed: stats.mtimeMs });
      else if (name.endsWith('.part') && stats.mtimeMs < Date.now() - UNFINISHED_MS)
        await rm(join(folder, name), { force: true });
    }
    for (const { name, size } of found.sort((a, b) => a.changed - b.changed)) {
      entries.set(name, { size, ready: Promise.resolve(join(folder, name)), isReady: true });
    }
  }

  /** Removes the least recently used until `size` more bytes fit. Synchronously, so that nobody fetches one meanwhile. */
  function makeRoom(size: number): void {
    let used = [...entries.values()].reduce((sum, entry) => sum + entry.size, 0);
    const victims: string[] = [];
    for (const [name, entry] of entries) {
      if (used + size <= limit) break;
      if (!entry.isReady) continue;
      victims.push(name);
      used -= entry.size;
    }
    if (used + size > limit) throw tooLarge(size > limit);
    for (const name of victims) {
      entries.delete(name);
      rmSync(join(folder, name), { force: true });
    }
  }

  async function fetch(name: string, content: Cached): Promise<string> {
    const path = join(folder, name);
    const unfinished = `${path}.${randomUUID()}.part`;
    try {
      await content.fill(unfinished);
      if ((await stat(unfinished)).size !== content.size) throw incomplete();
      await rename(unfinished, path);
      return path;
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Forgets an entry whose file is gone: something else may clean the folder. */
  async function check(name: string): Promise<void> {
    const entry = entries.get(name);
    if (!entry?.isReady) return;
    try {
      await stat(join(folder, name));
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      if (entries.get(name) === entry) entries.delete(name);
    }
  }

  return {
    async file(content) {
      scanned ??= scan().catch((error: unknown) => {
        scanned = undefined;
        throw error;
      });
      await scanned;
      const name = createHash('sha256').update(content.id).digest('hex');
      await check(name);
      // From here to `entries.set` nobody else may have a turn, or a content would be fetched twice.
      const entry = entries.get(name);
      if (entry) {
        entries.delete(name);
        entries.set(name, entry);
        return entry.ready;
      }
      makeRoom(content.size);
      const added: Entry = { size: content.size, ready: fetch(name, content), isReady: false };
      entries.set(name, added);
      try {
        return await added.ready;
      } catch (error) {
        if (entries.get(name) === added) entries.delete(name);
        throw error;
      } finally {
        added.isReady = true;
      }
    },
  };
}

function tooLarge(never: boolean): RewoundError {
  return new RewoundError('STORAGE_FULL', 'A file does not fit into the cache of this machine.', {
    help: 'Give the function more memory, or the machine a larger disk, and raise the limit of the cache.',
    transient: !never,
  });
}

function incomplete(): RewoundError {
  return new RewoundError('INTERNAL', 'A download arrived incomplete.', {
    help: 'The same is tried again.',
    transient: true,
  });
}
