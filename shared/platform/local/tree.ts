/** Shows the work folder and mounted folders as one tree of keys. */
import { isUtf8 } from 'node:buffer';
import { type BigIntStats, type Dirent, realpathSync, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { isErrno, RewoundError } from '../../errors.ts';
import { printable, textOfBytes } from '../../printable.ts';
import { isHidden, isSegment, keySegments, MAX_DEPTH, MAX_KEY, splitPrefix } from '../names.ts';
import type { OnUnlisted, Unlisted } from '../ports.ts';
import { stopped } from './errors.ts';

/** An outside folder with files of strangers: a symbolic link in it is followed only if it stays in it. */
export interface ClosedFolder {
  readonly closed: string;
}

/** Key prefix -> outside folder, or key -> outside file. A folder's prefix may end in a slash. */
export type Mounts = Readonly<Record<string, string | ClosedFolder>>;

/** A place on the disk that a key stands for, whether or not something is there. */
export interface Located {
  readonly key: string;
  readonly path: string;
  /** Lies outside and is read-only. */
  readonly mounted: boolean;
  /** Real path of the mounted folder that no link may lead out of. */
  readonly within?: string;
}

interface Entry extends Located {
  readonly isFolder: boolean;
  /** A mount begins here. */
  readonly isMount: boolean;
  /** Whether its own folder holds it, and not a mount below alone makes it a folder. */
  readonly isOnDisk: boolean;
  /** Where a symbolic link leads; undefined for anything else. */
  readonly leadsTo?: string;
}

/** A folder that is walked. */
interface Walked {
  readonly entry: Entry;
  /** Its real path; undefined where nothing is there, and mounts alone make it a folder. */
  readonly real: string | undefined;
  /** Of the folders above, the real paths of those from which a link or a mount led elsewhere. */
  readonly left: readonly string[];
  /** Names in its key. */
  readonly depth: number;
}

/** What a walk came across. */
interface Findings {
  tooDeep: boolean;
  /** Told of what is no object, by its key. */
  readonly unlisted: OnUnlisted;
}

/**
 * The work folder and the mounts as one tree of keys.
 *
 * Not part of it are hidden names (see `isHidden`), names that cannot be keys, and what is neither file nor folder.
 * Symbolic links are followed inside a mount wherever they lead, because the owner of the folder named it; in a closed
 * folder and in the work folder only if they stay in it, because what is in there may come from others. A link back to a folder that it
 * lies in is never followed.
 *
 * A mount may be a slow disk far away, which must not hold up the process. The work folder is on a disk of this
 * machine, as SQLite's log demands: to ask it for a name takes less than to hand the question to another thread.
 */
export class Tree {
  /** Real path of the work folder. */
  readonly root: string;
  readonly #mounts: readonly Entry[];
  readonly #signal: AbortSignal | undefined;

  /** @throws NOT_FOUND if a mount's target is missing, USAGE if its key is not valid. */
  constructor(root: string, mounts: Mounts, signal?: AbortSignal) {
    this.root = root;
    this.#signal = signal;
    this.#mounts = Object.entries(mounts)
      .map(([key, target]) => mount(key, target))
      // The deepest mount wins.
      .sort((a, b) => b.key.length - a.key.length);
  }

  /** The place of a key, or undefined if its name is hidden. Throws USAGE for an invalid key. */
  locate(key: string): Located | undefined {
    keySegments(key);
    return this.#locate(key);
  }

  #locate(key: string): Located | undefined {
    const above = this.#mounts.find((m) => key === m.key || (m.isFolder && key.startsWith(`${m.key}/`)));
    const rest = (above ? key.slice(above.key.length + 1) : key).split('/').filter((segment) => segment !== '');
    if (rest.some(isHidden)) return undefined;
    return { key, path: join(above?.path ?? this.root, ...rest), mounted: above !== undefined, ...bounds(above) };
  }

  /** The real path of what is at a place, or undefined if nothing is there or a link leads to where it may not. */
  async real({ path, mounted, within }: Located): Promise<string | undefined> {
    try {
      if (mounted) {
        const real = await realpath(path);
        return within === undefined || real === within || isInside(real, within) ? real : undefined;
      }
      const real = realpathSync.native(path);
      return this.#owns(real) ? real : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** What lies at the real path of a place. Throws if it vanished. */
  async stat(real: string, { mounted }: Pick<Located, 'mounted'>): Promise<BigIntStats> {
    return mounted ? stat(real, { bigint: true }) : statSync(real, { bigint: true });
  }

  /** Whether a file may be written at a place: no link on the way leads out of the work folder. */
  isWritable({ path, mounted }: Located): boolean {
    if (mounted) return false;
    for (let at = dirname(path); ; at = dirname(at)) {
      try {
        return this.#owns(realpathSync.native(at));
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  #owns(real: string): boolean {
    if (real === this.root) return true;
    return (
      isInside(real, this.root) &&
      !real
        .slice(this.root.length + 1)
        .split(sep)
        .some(isHidden)
    );
  }

  /**
   * The files whose key begins with `prefix`, in ascending order of UTF-8 bytes. It takes one call of the system for each
   * folder, and two for each link: the real path of a folder follows from that of the folder above it.
   * @throws TOO_DEEP after all others, where files have keys that are too deep or too long; CANCELLED when told to stop.
   */
  async *walk(prefix: string, onUnlisted?: OnUnlisted): AsyncGenerator<Located> {
    const { folder, beginning } = splitPrefix(prefix);
    const place = this.#locate(folder.join('/'));
    if (!place) return;
    const real = await this.real(place);
    const isMount = this.#mounts.some((m) => m.key === place.key);
    const entry: Entry = { ...place, path: real ?? place.path, isFolder: true, isMount, isOnDisk: true };
    const report = (name: string, reason: Unlisted) => onUnlisted?.(printable(name), reason);
    const findings: Findings = { tooDeep: false, unlisted: (key, reason) => report(key.slice(prefix.length), reason) };
    yield* this.#walk({ entry, real, left: [], depth: folder.length }, beginning, findings);
    if (findings.tooDeep) throw tooDeep();
  }

  async *#walk(folder: Walked, beginning: string, findings: Findings): AsyncGenerator<Located> {
    const { entry, real, depth } = folder;
    for (const found of await this.#entries(entry, real !== undefined, findings.unlisted)) {
      if (this.#signal?.aborted) throw stopped();
      if (!found.name.startsWith(beginning)) continue;
      if (depth >= MAX_DEPTH || (!found.isFolder && Buffer.byteLength(found.key) > MAX_KEY)) findings.tooDeep = true;
      else if (!found.isFolder) yield found;
      else {
        const inside = await this.#enter(folder, found);
        if (inside) yield* this.#walk(inside, '', findings);
      }
    }
  }

  /** A folder inside of one that is walked, or undefined where a link or a mount leads back to one above. */
  async #enter({ real, left, depth }: Walked, found: Entry & { readonly name: string }): Promise<Walked | undefined> {
    const inside = { entry: found, depth: depth + 1 };
    if (!found.isMount && found.leadsTo === undefined) {
      return { ...inside, real: real && found.isOnDisk ? join(real, found.name) : undefined, left };
    }
    const target = found.leadsTo ?? (await this.real(found));
    const above = real === undefined ? left : [...left, real];
    // Consecutive folders above contain each other, so that only the last before each jump need be compared.
    if (target !== undefined && above.some((one) => one === target || isInside(one, target))) return undefined;
    return { ...inside, real: target, left: above };
  }

  /** A folder's files and folders, with the mounts in it, sorted by the keys they lead to. */
  async #entries(
    folder: Entry,
    exists: boolean,
    unlisted: OnUnlisted,
  ): Promise<Array<Entry & { readonly name: string }>> {
    const entries = new Map<string, Entry>();
    const key = (name: string) => (folder.key === '' ? name : `${folder.key}/${name}`);
    if (exists) {
      for (const found of await filesIn(folder.path, (name, reason) => unlisted(key(name), reason))) {
        const { name } = found;
        const unnamed = whyUnlisted(name);
        if (unnamed) {
          unlisted(key(name), unnamed);
          continue;
        }
        const path = join(folder.path, name);
        const place = {
          key: key(name),
          path,
          mounted: folder.mounted,
          ...bounds(folder),
          isMount: false,
          isOnDisk: true,
        };
        if (found.isFile() || found.isDirectory()) entries.set(name, { ...place, isFolder: found.isDirectory() });
        else {
          const target = await this.#follow(place);
          if (target) entries.set(name, { ...place, ...target });
          else unlisted(place.key, found.isSymbolicLink() ? 'link' : 'special');
        }
      }
    } else if (folder.isMount) {
      throw missing();
    }
    for (const mounted of this.#mounts) {
      const inside = key('');
      if (!mounted.key.startsWith(inside)) continue;
      const [name = '', ...deeper] = mounted.key.slice(inside.length).split('/');
      const path = join(folder.path, name);
      if (deeper.length === 0) entries.set(name, mounted);
      else if (!entries.get(name)?.isFolder) {
        const place = { key: key(name), path, mounted: folder.mounted, ...bounds(folder) };
        entries.set(name, { ...place, isFolder: true, isMount: false, isOnDisk: false });
      }
    }
    return inOrder(entries);
  }

  /** Where a link leads, or undefined if that is neither file nor folder, or must not be followed. */
  async #follow(place: Located): Promise<Pick<Entry, 'isFolder' | 'leadsTo'> | undefined> {
    const real = await this.real(place);
    if (real === undefined) return undefined;
    const target = await stat(real);
    return target.isFile() || target.isDirectory() ? { isFolder: target.isDirectory(), leadsTo: real } : undefined;
  }
}

/** Why a name is no part of the tree; undefined where it is. */
function whyUnlisted(name: string): Unlisted | undefined {
  if (isHidden(name)) return name.startsWith('.') ? 'hidden' : 'unfinished';
  return isSegment(name) ? undefined : 'name';
}

/** What stands in a name for bytes that are not UTF-8: no file can be opened by it. */
const NOT_UTF8 = '\uFFFD';

/** A folder's names; none if it vanished or is a file. Names that are not UTF-8 are reported and left out. */
async function filesIn(folder: string, unlisted: (name: string, reason: Unlisted) => void): Promise<Dirent[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true });
    if (!found.some(({ name }) => name.includes(NOT_UTF8))) return found;
    const bytes = await readdir(folder, { encoding: 'buffer' });
    const readable = new Set(bytes.filter(isUtf8).map(String));
    for (const name of bytes) if (!isUtf8(name)) unlisted(textOfBytes(name), 'name');
    return found.filter(({ name }) => readable.has(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function bounds(place: Pick<Located, 'within'> | undefined): Pick<Located, 'within'> {
  return place?.within === undefined ? {} : { within: place.within };
}

function mount(prefix: string, target: string | ClosedFolder): Entry {
  const key = prefix.replace(/\/$/, '');
  keySegments(key);
  const path = resolve(typeof target === 'string' ? target : target.closed);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw missing();
  if (stats.isFile() && prefix.endsWith('/')) {
    throw new RewoundError('USAGE', 'A single file is mounted where a folder is needed.', {
      help: 'Name a folder, or give the file a key that does not end in a slash.',
    });
  }
  const within = typeof target === 'string' ? {} : { within: realpathSync(path) };
  return { key, path, mounted: true, ...within, isFolder: stats.isDirectory(), isMount: true, isOnDisk: true };
}

function tooDeep(): RewoundError {
  return new RewoundError(
    'TOO_DEEP',
    `Files are more than ${MAX_DEPTH} folders deep, or have paths of more than ${MAX_KEY} bytes.`,
    { help: 'Move them up, or out of the folder that was given.' },
  );
}

function missing(): RewoundError {
  return new RewoundError('NOT_FOUND', 'A file or folder given to this audit is not there.', {
    help: 'Check the path, and that the disk it is on is connected.',
  });
}

/** A folder's keys all continue with a slash, which is where it sorts. */
function inOrder(entries: ReadonlyMap<string, Entry>): Array<Entry & { readonly name: string }> {
  return [...entries]
    .map(([name, entry]) => ({ bytes: Buffer.from(entry.isFolder ? `${name}/` : name), entry: { ...entry, name } }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Whether an error says that there is no such file, in any of the ways systems say it. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].some((code) => isErrno(error, code));
}
