/** Announces when an account has few credits left. */
import type { Platform } from '../../platform/ports.ts';
import { readAccount } from '../accounts/accounts.ts';
import { announce } from '../webhooks/events.ts';
import { availableAround } from './credits.ts';
import type { Entry } from './ledger/entry.ts';

/** Announces it where this entry of the ledger left fewer credits than the account wants to be told of. */
export async function announceLowCredits(
  context: Pick<Platform, 'records' | 'events' | 'clock'>,
  account: string,
  entry: Entry,
): Promise<void> {
  const { lowCredits } = await readAccount(context, account);
  const { before, after } = availableAround(entry);
  if (before < lowCredits || after >= lowCredits) return;
  await announce(context, account, {
    type: 'credits.low',
    at: entry.at,
    data: { balance: after, threshold: lowCredits },
  });
}
