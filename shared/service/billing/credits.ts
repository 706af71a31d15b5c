/** Grants, holds and spends credits. */
import { RewoundError } from '../../errors.ts';
import { chainOf } from './ledger/chain.ts';
import { type Balances, type Entry, MOST_CREDITS, moved, NOTHING, type Posting } from './ledger/entry.ts';
import { type LedgerContext, transact } from './ledger/transact.ts';

/** A customer's credits: free to use, set aside for audits that run, and gone. */
export type Balance = Pick<Balances, 'available' | 'held' | 'spent'>;

export async function balanceOf({ records }: LedgerContext, account: string): Promise<Balance> {
  const { available, held, spent } = (await chainOf(records, account).tail())?.balances ?? NOTHING;
  return { available, held, spent };
}

/** What was available before an entry and is after it: whether it crossed a threshold. */
export function availableAround(entry: Entry): { readonly before: number; readonly after: number } {
  return { before: entry.balances.available - moved(entry, 'available'), after: entry.balances.available };
}

/** Credits that a payment has bought. */
export async function purchase(
  context: LedgerContext,
  account: string,
  { payment, credits }: { readonly payment: string; readonly credits: number },
): Promise<Entry> {
  assertCredits(credits, 1);
  return transact(context, account, `stripe-${payment}`, () => ({
    kind: 'purchase',
    audit: null,
    postings: [post('purchased', -credits), post('available', credits)],
  }));
}

/** Credits that the operator gives; the same id, the same gift. */
export async function grant(
  context: LedgerContext,
  account: string,
  { id, credits }: { readonly id: string; readonly credits: number },
): Promise<Entry> {
  assertCredits(credits, 1);
  return transact(context, account, `grant-${id}`, () => ({
    kind: 'grant',
    audit: null,
    postings: [post('granted', -credits), post('available', credits)],
  }));
}

/**
 * Sets credits aside for an audit, once: the entry of the first time is returned whenever it is asked for again.
 * Throws CREDITS_INSUFFICIENT, and CONFLICT for an audit that was settled before it was ever held.
 */
export function hold(context: LedgerContext, account: string, audit: string, credits: number): Promise<Entry> {
  return holdOnce(context, account, { audit, credits, free: false });
}

/** The same where credits are free: what is missing is granted by the same entry, so that the books still balance. */
export function holdFree(context: LedgerContext, account: string, audit: string, credits: number): Promise<Entry> {
  return holdOnce(context, account, { audit, credits, free: true });
}

interface Hold {
  readonly audit: string;
  readonly credits: number;
  readonly free: boolean;
}

async function holdOnce(context: LedgerContext, account: string, { audit, credits, free }: Hold): Promise<Entry> {
  assertCredits(credits, 1);
  const entry = await transact(context, account, holdId(audit), (tail) => {
    const available = tail?.balances.available ?? 0;
    const missing = Math.max(0, credits - available);
    if (missing > 0 && !free) throw insufficient(credits, available);
    const granted = missing > 0 ? [post('granted', -missing), post('available', missing)] : [];
    return { kind: 'hold', audit, postings: [...granted, post('available', -credits), post('held', credits)] };
  });
  if (entry.kind === 'hold') return entry;
  throw new RewoundError('CONFLICT', 'The audit ended before it was started.', { help: 'Create a new audit.' });
}

/**
 * Ends the hold of an audit, once: `charge`, but not more than was held, is spent, and the rest available again. Both
 * are one entry, so that there is no moment and no crash between them.
 *
 * Without a hold there is nothing to end, and undefined is returned; but a start may be on its way. So a release of
 * nothing is booked in the hold's own name: either the hold is first and is ended here, or it can never be.
 */
export async function settle(
  context: LedgerContext,
  account: string,
  audit: string,
  charge: number,
): Promise<Entry | undefined> {
  assertCredits(charge, 0);
  const held = await transact(context, account, holdId(audit), () => ({ kind: 'release', audit, postings: [] }));
  if (held.kind !== 'hold') return undefined;
  const credits = moved(held, 'held');
  const captured = Math.min(charge, credits);
  const postings = [post('held', -credits), post('spent', captured), post('available', credits - captured)];
  return transact(context, account, `settle-${audit}`, () => ({
    kind: captured > 0 ? 'capture' : 'release',
    audit,
    postings: postings.filter((posting) => posting.credits !== 0),
  }));
}

/** Entries, the newest first; `after` is the `seq` of the last one of the page before. */
export async function entries(
  { records }: LedgerContext,
  account: string,
  { after, limit }: { readonly after?: number | undefined; readonly limit: number },
): Promise<Entry[]> {
  const chain = chainOf(records, account);
  const newest = after === undefined ? ((await chain.tail())?.seq ?? 0) + 1 : after;
  const page: Entry[] = [];
  for await (const entry of chain.olderThan(newest, limit)) page.push(entry);
  return page;
}

function holdId(audit: string): string {
  return `hold-${audit}`;
}

function post(account: Posting['account'], credits: number): Posting {
  return { account, credits };
}

function insufficient(needed: number, available: number): RewoundError {
  return new RewoundError(
    'CREDITS_INSUFFICIENT',
    `The audit needs ${needed} credits, and ${available} are available.`,
    { help: 'Buy credits, or ask for fewer samples.' },
  );
}

function assertCredits(credits: number, least: number): void {
  if (Number.isSafeInteger(credits) && credits >= least && credits <= MOST_CREDITS) return;
  throw new RewoundError('REQUEST_INVALID', 'A number of credits is not valid.', {
    help: `Give a whole number from ${least} on.`,
  });
}
