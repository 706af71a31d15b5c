/** Erases an audit, and shows the receipt. */
import type { Audit, SignedReceipt } from '../../types.ts';
import { deleteAudit } from '../api.ts';
import { group, h } from '../dom.ts';
import { counted, nameOf, size } from '../format.ts';
import { confirmed, facts } from '../parts.ts';

/** Erases an audit, and returns what says so; undefined if it is kept after all. */
export async function erase(audit: Audit): Promise<Node | undefined> {
  const running =
    audit.startedAt !== null && audit.endedAt === null ? ' It is at work: it stops, and what was done is charged.' : '';
  const text = `Photos, checkpoint, report and records go at once.${running} That cannot be undone.`;
  if (!(await confirmed(`Erase "${nameOf(audit)}"?`, text, 'Erase'))) return undefined;
  return receipt(audit, await deleteAudit(audit.id));
}

/** What the text of a receipt says. */
interface Erased {
  readonly erasedAt: string;
  readonly objects: readonly { readonly bytes: number }[];
  readonly records: readonly string[];
}

function receipt({ id }: Audit, signed: SignedReceipt) {
  const { erasedAt, objects, records }: Erased = JSON.parse(signed.receipt);
  const bytes = objects.reduce((sum, one) => sum + one.bytes, 0);
  const file = new Blob([JSON.stringify(signed, null, 2)], { type: 'application/json' });
  const heading = h('h1', { tabindex: '-1' }, 'Erased');
  queueMicrotask(() => heading.focus());
  return group(
    h('p', { class: 'up' }, h('a', { href: '/audits' }, 'Audits')),
    heading,
    h(
      'p',
      { class: 'lede' },
      'Nobody keeps a copy of this receipt. Its signature shows that this service erased what it lists.',
    ),
    facts([
      ['Audit', h('code', null, id)],
      ['Erased', erasedAt],
      ['Objects', `${counted(objects.length, 'object')}, ${size(bytes)}`],
      ['Records', counted(records.length, 'record')],
      ['Signature', h('code', null, signed.signature)],
      ['Signed with', h('code', null, signed.publicKey)],
    ]),
    h(
      'p',
      { class: 'actions' },
      h(
        'a',
        { class: 'button', href: URL.createObjectURL(file), download: `receipt-${id}.json` },
        'Download the receipt',
      ),
    ),
  );
}
