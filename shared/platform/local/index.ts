/** Opens the platform in one folder of this machine. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '../../folders.ts';
import type { Clock, Platform } from '../ports.ts';
import { Trash } from './clear.ts';
import { type Database, openDatabase } from './database.ts';
import { DIGESTS_SCHEMA, localDigests } from './digests.ts';
import { Drafts } from './drafts.ts';
import { takeOver } from './earlier.ts';
import { storageError } from './errors.ts';
import { Incoming } from './incoming.ts';
import { type Lock, lockFolder } from './lock.ts';
import { localObjects } from './objects.ts';
import { keepPrivate, PRIVATE_FOLDER } from './private.ts';
import { localPurge } from './purge.ts';
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
  /** Ends walks through folders, and reading of large files for their digests, with CANCELLED. */
  readonly signal?: AbortSignal;
}

export interface LocalPlatform extends Platform {
  /** The consumer side of `events`, for the delivery loop. */
  readonly queue: Queue;
  /** Whether records and messages that were written last are lost, because the log of the state is damaged. */
  readonly lostCommits: boolean;
  /** Uploads through this process, which must serve `/uploads/` at the origin. */
  uploads(options: Pick<LocalUploadsOptions, 'origin' | 'tokenKey'>): LocalUploads;
  /** Ends the use of the folder, once however often it is called. What still runs ends with CANCELLED. */
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
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const close = () => {
    if (closing.signal.aborted) return;
    closing.abort();
    database?.close();
    lock?.release();
  };
  try {
    const state = join(folder, '.rewound-state');
    const temporary = join(state, 'tmp');
    const discarded = join(state, 'trash');
    for (const path of [temporary, discarded]) ensureFolder(path, PRIVATE_FOLDER);
    keepPrivate(state, PRIVATE_FOLDER);
    if (exclusive) lock = lockFolder(state);
    const drafts = new Drafts(temporary);
    drafts.recover();
    database = openDatabase(join(state, 'state.sqlite'), RECORDS_SCHEMA + QUEUE_SCHEMA + DIGESTS_SCHEMA, takeOver);
    const queue = localQueue(database, { ...options.queue, clock });
    if (exclusive) queue.recover();
    const tree = new Tree(realpathSync(folder), mounts, signal);
    const digests = localDigests(database, signal);
    const writer = localWriter({ tree, digests, drafts });
    const trash = new Trash(discarded);
    // What fails now is tried again with the next folder that is deleted, which then says so.
    if (exclusive) trash.recover().catch(() => undefined);
    const objects = localObjects({ tree, digests, drafts, writer, trash });
    const incoming = new Incoming();
    const records = { ...localRecords(database), purge: localPurge(database, incoming) };
    return {
      objects,
      uploads: (where) => localUploads({ ...where, drafts, writer, incoming, objects, records, clock }),
      records,
      events: queue,
      queue,
      lostCommits: database.lostCommits,
      clock,
      close,
    };
  } catch (error) {
    close();
    throw storageError(error);
  }
}
