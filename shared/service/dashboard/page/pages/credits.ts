/** The page of credits and their ledger. */
import type { LedgerEntry, View } from '../../types.ts';
import { createCheckout, getAccount, listLedger } from '../api.ts';
import { group, h } from '../dom.ts';
import { actionButton } from '../form.ts';
import { credits, dollars, time, whole } from '../format.ts';
import { more, numbers, table } from '../parts.ts';
import { may, service } from '../session.ts';

const KINDS: Readonly<Record<LedgerEntry['kind'], string>> = {
  purchase: 'bought',
  grant: 'granted',
  hold: 'set aside',
  capture: 'charged',
  release: 'given back',
};

export async function view({ search }: { search: URLSearchParams }): Promise<View> {
  const after = search.get('after');
  const [account, ledger] = await Promise.all([getAccount(), listLedger(after)]);
  const { available, held, spent } = account.credits;
  const body = group(
    h('h1', null, 'Credits'),
    checkout(search.get('checkout')),
    numbers('Credits', [
      [whole(available), 'available'],
      [whole(held), 'set aside for audits at work'],
      [whole(spent), 'spent'],
    ]),
    account.free
      ? h(
          'p',
          { class: 'lede' },
          'Credits are free here: what an audit needs is granted when it starts. The ledger says what was used.',
        )
      : packs(),
    h(
      'section',
      { 'aria-labelledby': 'ledger' },
      h('h2', { id: 'ledger' }, 'Ledger'),
      ledger.items.length === 0 ? h('p', { class: 'lede' }, 'Nothing was booked yet.') : entries(ledger.items),
      ledger.next !== null && more(`/credits?after=${encodeURIComponent(ledger.next)}`, 'Older entries'),
    ),
  );
  return { title: 'Credits', body };
}

function checkout(outcome: string | null) {
  if (outcome === 'paid') {
    return h(
      'p',
      { class: 'note' },
      'Thank you. The credits are here as soon as the payment is confirmed, mostly within seconds. Load this page again to see them.',
    );
  }
  return outcome === 'cancelled' && h('p', { class: 'note' }, 'Nothing was bought.');
}

function packs() {
  return h(
    'section',
    { 'aria-labelledby': 'buy' },
    h('h2', { id: 'buy' }, 'Buy credits'),
    h(
      'p',
      { class: 'lede' },
      'A credit is a US cent at the price of the smallest pack. You pay on a page of Stripe; this service sees no card.',
    ),
    h(
      'ul',
      { class: 'packs' },
      ...service.packs.map(({ pack, credits: count, cents }) =>
        h(
          'li',
          null,
          h('p', { class: 'big' }, whole(count)),
          h('p', { class: 'small' }, `credits for ${dollars(cents)}, ${(cents / count).toFixed(2)} cents each`),
          may('billing') &&
            actionButton(
              'Buy',
              async () => {
                const { url } = await createCheckout(pack);
                location.assign(url);
              },
              { 'aria-label': `Buy ${credits(count)}` },
            ),
        ),
      ),
    ),
  );
}

function entries(items: readonly LedgerEntry[]) {
  return table(
    'Entries of the ledger, the newest first',
    ['Entry', 'When', 'Audit', 'Available', 'Set aside', 'Spent', 'Left'],
    items.map(({ seq, kind, at, audit, postings, available }) => {
      const moved = (book: string) => {
        const sum = postings.filter(({ account }) => account === book).reduce((total, one) => total + one.credits, 0);
        return sum === 0 ? '' : `${sum > 0 ? '+' : '−'}${whole(Math.abs(sum))}`;
      };
      return [
        `${seq} ${KINDS[kind]}`,
        time(at),
        audit === null ? '' : h('a', { href: `/audits/${audit}`, class: 'id' }, audit),
        moved('available'),
        moved('held'),
        moved('spent'),
        whole(available),
      ];
    }),
    'ledger',
  );
}
