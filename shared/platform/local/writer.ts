/** Moves written files into their place. */
import { statSync } from 'node:fs';
import { isErrno, RewoundError } from '../../errors.ts';
import type { ObjectInfo } from '../ports.ts';
import type { Digests } from './digests.ts';
import type { Draft, Drafts } from './drafts.ts';
import { exists } from './file-errors.ts';
import { moveInto, syncFolder } from './files.ts';
import type { Located, Tree } from './tree.ts';

export interface WriterOptions {
  readonly tree: Tree;
  readonly digests: Digests;
  /** In the same file system as the tree. */
  readonly drafts: Drafts;
}

/** The last part of writing an object, wherever its bytes came from: a draft gets its place, whole and for good. */
export interface Writer {
  /** Where an object with this key is written. Throws USAGE where it would be hidden, or is only read. */
  place(key: string): Located;
  /** Moves a draft to its place and releases it. Throws OBJECT_EXISTS. */
  move(draft: Draft, place: Located, content: Pick<ObjectInfo, 'size' | 'md5'>, ifAbsent: boolean): Promise<ObjectInfo>;
}

export function localWriter({ tree, digests, drafts }: WriterOptions): Writer {
  return {
    place(key) {
      const place = tree.locate(key);
      if (!place) {
        throw new RewoundError('USAGE', 'An object of this name would be hidden.', {
          help: 'Use names that neither begin with a dot nor end in .part, .partial, .tmp or .crdownload.',
        });
      }
      if (tree.isWritable(place)) return place;
      throw new RewoundError('USAGE', 'Files outside of the work folder are only read.', {
        help: 'Write to a key that is neither mounted nor behind a link that leads out of the work folder.',
      });
    },
    async move(draft, { key, path }, { size, md5 }, ifAbsent) {
      let changed: readonly string[];
      try {
        changed = moveInto(draft.path, path, ifAbsent);
      } catch (error) {
        if (isErrno(error, 'EEXIST') && statSync(path).isFile()) throw exists(error);
        throw error;
      } finally {
        drafts.discard(draft);
      }
      const { generation } = draft;
      // Before the wait: others can see the object by now, and need not read it.
      digests.remember({ path, generation }, md5);
      await Promise.all(changed.map(syncFolder));
      return { key, size, generation, md5 };
    },
  };
}
