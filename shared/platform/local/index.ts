import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../../folders.ts';
import type { Clock, Platform } from '../ports.ts';
import { type Database, openDatabase } from './database.ts';
import { DIGESTS_SCHEMA, localDigests } from './digests.ts';
import { Drafts } from './drafts.ts';
import { storageError } from './errors.ts';
import { type Lock, lockFolder } from './lock.ts';
import { localObjects } from './objects.ts';
import { localQueue, QUEUE_SCHEMA, type Queue, type QueueOptions } from './queue.ts';
import { localRecords, RECORDS_SCHEMA } from './records.ts';
import { type Mounts, Tree } from './tree.ts';
import { type LocalUploads, type LocalUploadsOptions, localUploads } from './uploads.ts';
import { localWriter } from './writer.ts';

export interface LocalOptions {
  /** The work folder: objects lie in it as plain files, everything else below `.rewound-state`. Made if missing. */
  readonly folder: string;
  /** Outside folders and files that appear as objects, read in place and never written. */
  readonly mounts?: Mounts;
  readonly clock?: Clock;
  /**
   * Whether this process is to be the only one that works in the folder, the default. A process that opens the folder
   * beside it may read, write and publish, but must not run the delivery loop.
   */
  readonly exclusive?: boolean;
  readonly queue?: Omit<QueueOptions, 'clock'>;
}

export interface LocalPlatform extends Platform {
  /** The consumer side of `events`, for the delivery loop. */
  readonly queue: Queue;
  /** Uploads through this process, which must serve `/uploads/` at the origin. */
  uploads(options: Pick<LocalUploadsOptions, 'origin' | 'tokenKey'>): LocalUploads;
  /** Ends the use of the folder. Nothing may be running any more. */
  close(): void;
}

/** The clock of this machine. */
const systemClock: Clock = { now: () => Date.now() };

/**
 * Rewound's platform in one folder. Whatever a killed process left behind is taken up: its unfinished files are
 * removed, its messages delivered again.
 * @throws STORAGE_LOCKED if another process works in the folder; STORAGE_FULL; NOT_FOUND or USAGE for a bad mount.
 */
export function openLocal(options: LocalOptions): LocalPlatform {
  const { folder, mounts = {}, clock = systemClock, exclusive = true } = options;
  let lock: Lock | undefined;
  let database: Database | undefined;
  const close = () => {
    database?.close();
    lock?.release();
  };
  try {
    const state = join(folder, '.rewound-state');
    const temporary = join(state, 'tmp');
    ensureFolder(temporary);
    if (exclusive) lock = lockFolder(state);
    const drafts = new Drafts(temporary);
    drafts.recover();
    database = openDatabase(join(state, 'state.sqlite'), RECORDS_SCHEMA + QUEUE_SCHEMA + DIGESTS_SCHEMA);
    const queue = localQueue(database, { ...options.queue, clock });
    if (exclusive) queue.recover();
    const tree = new Tree(realpathSync(folder), mounts);
    const digests = localDigests(database);
    const writer = localWriter({ tree, digests, drafts });
    const objects = localObjects({ tree, digests, drafts, writer });
    return {
      objects,
      uploads: (where) => localUploads({ ...where, drafts, writer, clock }),
      records: localRecords(database),
      events: queue,
      queue,
      clock,
      close,
    };
  } catch (error) {
    close();
    throw storageError(error);
  }
}
