/** Opens the platform on Google Cloud. */
import { Firestore } from '@google-cloud/firestore';
import { PubSub } from '@google-cloud/pubsub';
import { IdempotencyStrategy, Storage } from '@google-cloud/storage';
import type { Clock, Platform, Uploads } from '../ports.ts';
import { fileCache } from './cache.ts';
import { googleEvents } from './events.ts';
import { googleObjects } from './objects.ts';
import { partedRecords } from './parted.ts';
import { googleRecords } from './records.ts';
import { googleUploads } from './uploads.ts';

export interface GoogleOptions {
  readonly project: string;
  readonly bucket: string;
  /** Before the name of each topic, such as `rewound-`. */
  readonly topicPrefix: string;
  /** The Firestore database of the audits; the project's default one if nothing is said. */
  readonly databaseId?: string;
  /** The Firestore database of the accounts. Without it their records cannot be opened (`parted.ts`). */
  readonly accountsDatabaseId?: string;
  /** Where `objects.file` keeps what it downloads. Belongs to one process at a time. */
  readonly cacheFolder: string;
  /** Bytes that the cache may hold, 8 GiB if nothing is said. On Cloud Run they count as memory. */
  readonly cacheLimit?: number;
  readonly clock?: Clock;
}

export interface GooglePlatform extends Platform {
  /** Straight into the bucket, past this process. */
  readonly uploads: Uploads;
  /** Sends what is still to be sent and ends all connections. */
  close(): Promise<void>;
}

/** Seconds for which a client repeats a request; after that the platform delivers the whole message again. */
const PATIENCE_S = 60;

/**
 * Rewound's platform on Google Cloud, with the credentials of the environment. Nothing is asked of the cloud before
 * it is used. The variables STORAGE_EMULATOR_HOST, FIRESTORE_EMULATOR_HOST and PUBSUB_EMULATOR_HOST lead elsewhere.
 */
export function openGoogle(options: GoogleOptions): GooglePlatform {
  const {
    project,
    bucket,
    topicPrefix,
    databaseId,
    accountsDatabaseId,
    cacheFolder,
    cacheLimit = 8 * 2 ** 30,
  } = options;
  const { clock = { now: () => Date.now() } } = options;
  const storage = new Storage({
    projectId: project,
    // Safe for all that `googleObjects` does, see there.
    retryOptions: { idempotencyStrategy: IdempotencyStrategy.RetryAlways, totalTimeout: PATIENCE_S },
  });
  const downloads = new Storage({ projectId: project, retryOptions: { autoRetry: false } });
  const audits = openFirestore(project, databaseId);
  const accounts = accountsDatabaseId === undefined ? undefined : openFirestore(project, accountsDatabaseId);
  const pubsub = new PubSub({ projectId: project });
  const events = googleEvents({ pubsub, prefix: topicPrefix });
  return {
    objects: googleObjects({
      bucket: storage.bucket(bucket),
      downloads: downloads.bucket(bucket),
      cache: fileCache({ folder: cacheFolder, limit: cacheLimit }),
    }),
    records: partedRecords(googleRecords(audits), accounts && googleRecords(accounts)),
    uploads: googleUploads({ bucket: storage.bucket(bucket), clock }),
    events,
    clock,
    async close() {
      await events.flush();
      await Promise.all([pubsub.close(), audits.terminate(), accounts?.terminate()]);
    },
  };
}

/** A database of a project; its default one if no id is given. */
function openFirestore(projectId: string, databaseId: string | undefined): Firestore {
  return new Firestore({ projectId, ...(databaseId === undefined ? {} : { databaseId }) });
}
