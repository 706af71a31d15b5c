/** Books a transaction exactly once. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { backoffMs } from '../../../backoff.ts';
import { RewoundError } from '../../../errors.ts';
import type { Platform, Records, Snapshot } from '../../../platform/ports.ts';
import { readRecord } from '../../../stored-record.ts';
import { type Chain, chainOf } from './chain.ts';
import { type Draft, type Entry, follow } from './entry.ts';
import { KeyedQueue } from './queue.ts';

/** What booking needs. */
export interface LedgerContext extends Pick<Platform, 'records' | 'clock'> {
  /** Waits after so many lost races; a real pause, random and growing, if not given. */
  readonly pause?: (lost: number) => Promise<void>;
}

/** Whoever loses so often does not lose to chance. */
const MOST_RACES = 60;
/** Drawn from nothing to its length, so that those who lost a race together do not come back together. */
const PAUSES = { firstMs: 10, mostMs: 640, spread: 1 };

/**
 * Made before a transaction is booked: the chain ended at `after` then, so that the entry, if there is one, stands
 * after it. `seq` is where it stands, once somebody noted it: a shortcut, and nothing but.
 */
const intentSchema = z.object({ after: z.int().min(0), seq: z.int().min(1).nullable() });
type Intent = z.infer<typeof intentSchema>;

/** One queue for every store this process has open. */
const queues = new WeakMap<Records, KeyedQueue>();

/**
 * Books a transaction exactly once, and returns its entry, also if that was booked long ago. `draft` says what to book
 * after `tail`, whose balances are those that count; it may be asked several times, and refuse by throwing.
 *
 * Why never twice, whoever dies when. Entries are made only here: after the transaction's intent, at the place after
 * the tail that their writer saw, and if every entry from there down to the intent's `after` is of another transaction.
 *   1. All entries of a transaction stand after its `after`: that far the chain had come before the intent was made,
 *      none of them was written before the intent, and the chain only grows.
 *   2. Suppose two, at the places r < s. The writer of the second saw the chain end at s-1. There are no gaps: the
 *      first was there then, and by 1 it is among those that the writer looked through. It would not have written.
 *   3. If s-1 is no longer the tail when the entry comes, s is taken and `create` fails. And a write that lands though
 *      its writer died, or was told that it had failed, lands at its place s or nowhere; who tries next sees it there,
 *      or wants that very place.
 * The same keeps anybody from overdrawing: an entry stands after the very entry that it was calculated from.
 */
export async function transact(
  context: LedgerContext,
  account: string,
  transaction: string,
  draft: (tail: Entry | undefined) => Draft,
): Promise<Entry> {
  if (!/^[a-z]+-[\w-]{1,200}$/.test(transaction)) throw invalidId();
  const path = `accounts/${account}/transactions/${transaction}`;
  const booking = { chain: chainOf(context.records, account), path, transaction, draft };
  const entry = await queueOf(context.records).run(account, () => book(context, booking));
  await note(context.records, path, entry.seq);
  return entry;
}

interface Booking {
  readonly chain: Chain;
  /** The intent's. */
  readonly path: string;
  readonly transaction: string;
  readonly draft: (tail: Entry | undefined) => Draft;
}

async function book(context: LedgerContext, { chain, path, transaction, draft }: Booking): Promise<Entry> {
  const { records, clock, pause = (lost) => delay(backoffMs(lost, PAUSES)) } = context;
  let intent: Intent | undefined;
  /** Every entry up to here is of another transaction. */
  let searched = 0;
  for (let lost = 0; lost < MOST_RACES; ) {
    const tail = await chain.tail();
    if (!intent) {
      // After the tail: where there is no intent yet, no entry up to that tail can be the transaction's.
      intent = toIntent(await records.get(path));
      searched = intent?.after ?? 0;
    }
    const found =
      intent && ((await noted(chain, transaction, intent)) ?? (await search(chain, tail, searched, transaction)));
    if (found) return found;
    const entry = follow(tail, transaction, draft(tail), clock.now());
    if (!intent) {
      // After the draft, so that what is refused leaves nothing behind.
      const mine: Intent = { after: entry.seq - 1, seq: null };
      // Somebody else made one just now, and may have booked since: look again.
      if (!(await records.create(path, mine))) continue;
      intent = mine;
    }
    if (await chain.append(entry)) return entry;
    searched = entry.seq - 1;
    await pause(++lost);
  }
  throw new RewoundError('PLATFORM_UNAVAILABLE', 'Too many bookings of one account came at the same time.', {
    help: 'Try again in a few seconds.',
    transient: true,
  });
}

/** The transaction's entry among those after `searched`, up to `tail`. */
async function search(
  chain: Chain,
  tail: Entry | undefined,
  searched: number,
  transaction: string,
): Promise<Entry | undefined> {
  if (!tail || tail.seq <= searched) return undefined;
  if (tail.transaction === transaction) return tail;
  for await (const entry of chain.olderThan(tail.seq, tail.seq - searched - 1)) {
    if (entry.transaction === transaction) return entry;
  }
  return undefined;
}

/** The entry at the place that the intent notes. */
async function noted(chain: Chain, transaction: string, { seq }: Intent): Promise<Entry | undefined> {
  if (seq === null) return undefined;
  const entry = await chain.at(seq);
  if (entry?.transaction === transaction) return entry;
  // Noted only once the entry was there: somebody has changed records by hand.
  throw new RewoundError('INTERNAL', 'A ledger entry is not where it was noted.', {
    help: 'Do not change the records of a ledger. Restore them from a backup.',
  });
}

async function note(records: Records, path: string, seq: number): Promise<void> {
  const snapshot = await records.get(path);
  const intent = toIntent(snapshot);
  if (!snapshot || !intent || intent.seq !== null) return;
  await records.replace(path, { ...intent, seq }, snapshot.version);
}

function toIntent(snapshot: Snapshot | undefined): Intent | undefined {
  return snapshot && readRecord(intentSchema, snapshot.fields);
}

function queueOf(records: Records): KeyedQueue {
  const found = queues.get(records) ?? new KeyedQueue();
  queues.set(records, found);
  return found;
}

function invalidId(): RewoundError {
  return new RewoundError('REQUEST_INVALID', 'The id of a booking is not valid.', {
    help: 'Use 1 to 200 letters, digits, dashes and underscores.',
  });
}
