import { expect } from 'vitest';
import type { Records } from '../../shared/platform/ports.ts';
import {
  after,
  type Balances,
  BOOKS,
  type Entry,
  entrySchema,
  moved,
  NOTHING,
} from '../../shared/service/billing/ledger/entry.ts';

/** All entries of an account, the oldest first, as they lie in the store. */
export async function bookedIn(records: Records, account: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { fields } of records.list(`accounts/${account}/ledger`)) entries.push(entrySchema.parse(fields));
  return entries.reverse();
}

/** What must hold of every ledger, however it came about. Returns the balances that its postings add up to. */
export function expectSound(entries: readonly Entry[]): Balances {
  let balances = NOTHING;
  const held = new Map<string, number>();
  const transactions = new Set<string>();
  for (const [place, entry] of entries.entries()) {
    expect(entry.seq).toBe(place + 1);
    expect(entry.postings.reduce((sum, { credits }) => sum + credits, 0)).toBe(0);
    balances = after(balances, entry.postings);
    expect(entry.balances).toEqual(balances);
    expect(BOOKS.reduce((sum, book) => sum + entry.balances[book], 0)).toBe(0);
    for (const book of ['available', 'held', 'spent'] as const) expect(entry.balances[book]).toBeGreaterThanOrEqual(0);
    expect(transactions).not.toContain(entry.transaction);
    transactions.add(entry.transaction);
    if (!entry.audit) continue;
    if (entry.kind === 'hold') held.set(entry.audit, moved(entry, 'held'));
    else {
      const whole = held.get(entry.audit) ?? 0;
      held.delete(entry.audit);
      expect(moved(entry, 'held')).toBe(-whole || 0);
      expect(moved(entry, 'spent')).toBeLessThanOrEqual(whole);
    }
  }
  expect(balances.held).toBe([...held.values()].reduce((sum, credits) => sum + credits, 0));
  return balances;
}
