/** Moves the records of accounts out of the database of the audits, where earlier versions kept both. */

import type { CollectionReference, DocumentReference, DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { z } from 'zod';
import { RewoundError } from '../../shared/errors.ts';
import { failureOf, googleError } from '../../shared/platform/google/errors.ts';
import { ACCOUNT_COLLECTIONS, partedRecords } from '../../shared/platform/google/parted.ts';
import { googleRecords } from '../../shared/platform/google/records.ts';
import { admitRunning } from '../../shared/service/audits/admit-running.ts';
import { readRecord } from '../../shared/stored-record.ts';

/** Documents that are copied, or deleted, at the same time. */
const TOGETHER = 50;

/**
 * Copies every record of accounts, admits the audits that run to the pipeline, and then deletes the originals. A process
 * that dies before the last copy has deleted nothing; doing it again goes on. Returns how many records were moved.
 *
 * Nothing may write to the accounts meanwhile. A record that is in both databases and differs is never overwritten: that
 * is CONFLICT.
 */
export async function moveAccounts(audits: Firestore, accounts: Firestore): Promise<number> {
  try {
    const found: DocumentReference[] = [];
    for (const name of ACCOUNT_COLLECTIONS) for await (const one of below(audits.collection(name))) found.push(one);
    const copied = (await inTurn(found, (document) => copy(document, accounts))).filter((one) => one !== undefined);
    if (copied.length === 0) return 0;
    await admitRunning({ records: partedRecords(googleRecords(audits), googleRecords(accounts)) });
    // A record that was written after it was copied is not deleted: that is CONFLICT.
    await inTurn(copied, ({ ref, updateTime }) => ref.delete(updateTime ? { lastUpdateTime: updateTime } : {}));
    return copied.length;
  } catch (error) {
    if (failureOf(error) === 'precondition') throw differs();
    throw googleError(error, 'The Firestore database');
  }
}

/** All documents of a collection and below them. */
async function* below(collection: CollectionReference): AsyncGenerator<DocumentReference> {
  // Also those that are gone and have others below them.
  for (const document of await collection.listDocuments()) {
    for (const inner of await document.listCollections()) yield* below(inner);
    yield document;
  }
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let first = 0; first < all.length; first += TOGETHER) {
    results.push(...(await Promise.all(all.slice(first, first + TOGETHER).map(work))));
  }
  return results;
}

/** Every write of a record has a mark of its own, so equal marks are equal records (`document.ts`). */
const markSchema = z.object({ writer: z.string() });

/** Copies a document and returns it as it was copied; undefined where there is none. */
async function copy(document: DocumentReference, to: Firestore): Promise<DocumentSnapshot | undefined> {
  const snapshot = await document.get();
  const data = snapshot.data();
  if (!data) return undefined;
  const target = to.doc(document.path);
  try {
    await target.create(data);
    return snapshot;
  } catch (error) {
    if (failureOf(error) !== 'exists') throw error;
    const there = readRecord(markSchema, (await target.get()).data());
    if (there.writer === readRecord(markSchema, data).writer) return snapshot;
    throw differs();
  }
}

function differs(): RewoundError {
  return new RewoundError('CONFLICT', 'A record of an account is in both databases, and they differ.', {
    help: 'It was changed while it was moved, and was not deleted. Stop the deliveries and the API, find out which database holds the current accounts, delete accounts, agenda and sessions in the other, and move again if need be (docs/service.md).',
  });
}
