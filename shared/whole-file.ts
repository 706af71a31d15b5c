/** Writes a small file so that a reader, or the next start after a kill, finds the whole of it or none of it. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isErrno } from './errors.ts';

type Content = string | Uint8Array;

/** One call of the system writes less than 2 GiB. */
const MOST_AT_ONCE = 2 ** 26;

interface Options {
  /** Who may read it; where nothing is given as before, and what the process's umask leaves of a new file. */
  readonly mode?: number;
}

/**
 * Creates the file unless there is one; returns whether this call created it. Of several processes at the same time
 * exactly one does. It cannot be lost any more when this returns.
 */
export function createWhole(path: string, content: Content, options: Options = {}): boolean {
  const draft = writeDraft(path, content, options);
  try {
    linkSync(draft, path);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return true;
}

/** Writes the file in place of the one that has this name, if any. It cannot be lost any more when this returns. */
export function writeWhole(path: string, content: Content, options: Options = {}): void {
  const target = realPath(path);
  const former = statSync(target, { throwIfNoEntry: false });
  // A device or a pipe is written to and not replaced.
  if (former?.isFile() === false) {
    writeFileSync(target, content);
    return;
  }
  try {
    const draft = writeDraft(target, content, former ? { mode: former.mode & 0o777, ...options } : options);
    try {
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  } catch (error) {
    // A file that may be written where no name may be made: mounted alone, or in another user's folder.
    if (!former || !['EACCES', 'EBUSY', 'EPERM', 'EROFS'].some((code) => isErrno(error, code))) throw error;
    writeFileSync(target, content);
    return;
  }
  syncFolder(dirname(target));
}

/**
 * Takes away an empty file, which is what a process leaves that was killed after it created a file and before it wrote
 * it. A file that another process has put in its place meanwhile stays.
 */
export function removeEmpty(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size !== 0) return;
  const aside = draftOf(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    if (statSync(aside).size > 0) linkSync(aside, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** The content in a file of its own beside the target, on the disk. */
function writeDraft(path: string, content: Content, { mode = 0o666 }: Options): string {
  const draft = draftOf(path);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    const file = openSync(draft, 'wx', mode);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, MOST_AT_ONCE));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return draft;
}

/** A name beside the target that no process has yet, and that is never taken for a checkpoint or a photo. */
function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${crypto.randomUUID()}.tmp`);
}

/** Where a link leads, so that the link stays one. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return path;
    throw error;
  }
}

/** Windows cannot and need not. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
