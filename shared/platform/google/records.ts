/** Stores records in Firestore. */
import { randomUUID } from 'node:crypto';
import { type DocumentSnapshot, FieldPath, type Firestore, Timestamp } from '@google-cloud/firestore';
import { RewoundError } from '../../errors.ts';
import { assertCollectionPath, isSegment, splitDocumentPath } from '../names.ts';
import type { ListOptions, Records, Snapshot } from '../ports.ts';
import { fromDocument, toDocument } from './document.ts';
import { failureOf, googleError } from './errors.ts';

/** Documents read by one query of `list`. */
const PAGE = 300;

/** A document's version: the time of its last write in microseconds, as `seconds.nanoseconds`. */
const VERSION = /^(\d{1,12})\.(\d{9})$/;

/**
 * Records in Firestore. Every write carries a random `writer`: the client repeats a write whose answer was lost, and
 * would then be told that somebody else was faster.
 */
export function googleRecords(firestore: Firestore): Records {
  /** Whether the document is the one that this write made. */
  async function isMine(path: string, writer: string): Promise<boolean> {
    const found = await firestore.doc(path).get();
    return found.exists && fromDocument(found.data()).writer === writer;
  }

  return {
    // Firestore keeps its own files; what it says of deleted documents is in docs/privacy.md.
    purge: async () => undefined,

    create: (path, fields) =>
      guard(async () => {
        splitDocumentPath(path);
        const document = toDocument(fields, randomUUID());
        try {
          await firestore.doc(path).create(document);
          return true;
        } catch (error) {
          if (failureOf(error) !== 'exists') throw error;
          return isMine(path, document.writer);
        }
      }),

    get: (path) =>
      guard(async () => {
        splitDocumentPath(path);
        return toSnapshot(await firestore.doc(path).get());
      }),

    replace: (path, fields, version) =>
      guard(async () => {
        splitDocumentPath(path);
        const document = toDocument(fields, randomUUID());
        const lastUpdateTime = toTime(version);
        if (!lastUpdateTime) return false;
        try {
          await firestore.doc(path).update({ ...document }, { lastUpdateTime });
          return true;
        } catch (error) {
          const failure = failureOf(error);
          if (failure === 'missing') return false;
          if (failure !== 'precondition') throw error;
          return isMine(path, document.writer);
        }
      }),

    count: (path) =>
      guard(async () => {
        assertCollectionPath(path);
        return (await firestore.collection(path).count().get()).data().count;
      }),

    async *list(path, { after = '', limit = Number.POSITIVE_INFINITY }: ListOptions = {}): AsyncIterable<Snapshot> {
      assertCollectionPath(path);
      const all = firestore.collection(path).orderBy(FieldPath.documentId());
      let last = after;
      for (let left = limit; left > 0; ) {
        if (last !== '' && !isSegment(last)) throw invalidId();
        const size = Math.min(left, PAGE);
        const page = (last === '' ? all : all.startAfter(last)).limit(size);
        const { docs } = await guard(() => page.get());
        for (const document of docs) {
          last = document.id;
          const snapshot = await guard(async () => toSnapshot(document));
          if (snapshot) yield snapshot;
        }
        if (docs.length < size) return;
        left -= docs.length;
      }
    },

    delete: (path) =>
      guard(async () => {
        splitDocumentPath(path);
        await firestore.doc(path).delete();
      }),
  };
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw googleError(error, 'The Firestore database');
  }
}

function toSnapshot(document: DocumentSnapshot): Snapshot | undefined {
  if (!document.exists || !document.updateTime) return undefined;
  const { seconds, nanoseconds } = document.updateTime;
  const version = `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
  return { path: document.ref.path, version, fields: fromDocument(document.data()).fields };
}

/** The time that a version stands for, or undefined if no document can have it. */
function toTime(version: string): Timestamp | undefined {
  const [, seconds, nanoseconds] = VERSION.exec(version) ?? [];
  return seconds === undefined ? undefined : new Timestamp(Number(seconds), Number(nanoseconds));
}

function invalidId(): RewoundError {
  return new RewoundError('USAGE', 'The id after which to list is not valid.', {
    help: 'Give the id of a document as an earlier page returned it.',
  });
}
