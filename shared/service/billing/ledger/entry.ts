/** The entry of a ledger: postings that sum to zero. */
import { z } from 'zod';

/**
 * Double entry: every posting moves credits between two or more accounts, so that the postings of an entry sum to 0, and
 * so do the balances after it. The first three say where a customer's credits are and are never below 0. The last two
 * say where they came from; they are the contra accounts and never above 0, as what went out of them is what came in:
 *
 *     purchase of 1000        purchased -1000, available +1000
 *     hold of 300             available  -300, held       +300
 *     capture of 200 of them  held       -300, spent      +200, available +100
 */
export const BOOKS = ['available', 'held', 'spent', 'purchased', 'granted'] as const;
export type Book = (typeof BOOKS)[number];
const CONTRA: ReadonlySet<Book> = new Set(['purchased', 'granted']);

export const KINDS = ['purchase', 'grant', 'hold', 'capture', 'release'] as const;

/** Far below what an integer holds exactly, so that no sum of balances leaves that range. */
export const MOST_CREDITS = 1_000_000_000_000;

const credits = z.int().min(-MOST_CREDITS).max(MOST_CREDITS);

const balancesSchema = z
  .object({ available: credits, held: credits, spent: credits, purchased: credits, granted: credits })
  .refine((balances) => total(BOOKS.map((book) => balances[book])) === 0, 'balances do not sum to 0')
  .refine(
    (balances) => BOOKS.every((book) => (CONTRA.has(book) ? balances[book] <= 0 : balances[book] >= 0)),
    'a balance has the wrong sign',
  );
export type Balances = z.infer<typeof balancesSchema>;

const postingSchema = z.object({ account: z.enum(BOOKS), credits });
export type Posting = z.infer<typeof postingSchema>;

export const entrySchema = z.object({
  /** 1 for the first entry of an account, and one more for each after it. */
  seq: z.int().min(1),
  /** What this entry books, derived from the work: no other entry has the same. */
  transaction: z.string(),
  kind: z.enum(KINDS),
  /** Milliseconds since the epoch. */
  at: z.number(),
  audit: z.string().nullable(),
  postings: z
    .array(postingSchema)
    .refine((postings) => total(postings.map((posting) => posting.credits)) === 0, 'postings do not sum to 0'),
  /** Of all accounts, after this entry. */
  balances: balancesSchema,
});
export type Entry = z.infer<typeof entrySchema>;

/** What a transaction wants to book; the chain gives it its place. */
export type Draft = Pick<Entry, 'kind' | 'audit' | 'postings'>;

/** Of an account without entries. */
export const NOTHING: Balances = { available: 0, held: 0, spent: 0, purchased: 0, granted: 0 };

/** The entry that follows `tail`. Throws where it would overdraw: no entry that does can even be made. */
export function follow(tail: Entry | undefined, transaction: string, draft: Draft, at: number): Entry {
  return entrySchema.parse({
    seq: (tail?.seq ?? 0) + 1,
    transaction,
    ...draft,
    at,
    balances: after(tail?.balances ?? NOTHING, draft.postings),
  });
}

/**
 * The balances after these postings.
 * @internal
 */
export function after(balances: Balances, postings: readonly Posting[]): Balances {
  const sums = { ...balances };
  for (const { account, credits } of postings) sums[account] += credits;
  return sums;
}

/** How many credits an entry put into a book, or took out of it. */
export function moved({ postings }: Pick<Entry, 'postings'>, book: Book): number {
  return total(postings.filter(({ account }) => account === book).map((posting) => posting.credits));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
