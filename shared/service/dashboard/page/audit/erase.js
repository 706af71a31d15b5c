/** @import * as Types from '../../types.ts' */
import { deleteAudit } from '../api.js';
import { group, h } from '../dom.js';
import { counted, nameOf, size } from '../format.js';
import { confirmed, facts } from '../parts.js';

/**
 * Erases an audit, and shows what says so.
 * @param {Types.Audit} audit
 * @returns {Promise<Node | undefined>} Undefined if it is kept after all.
 */
export async function erase(audit) {
  const running =
    audit.startedAt !== null && audit.endedAt === null ? ' It is at work: it stops, and what was done is charged.' : '';
  const text = `Photos, checkpoint, report and records go at once.${running} That cannot be undone.`;
  if (!(await confirmed(`Erase "${nameOf(audit)}"?`, text, 'Erase'))) return undefined;
  return receipt(audit, await deleteAudit(audit.id));
}

/** @param {Types.Audit} audit @param {Types.SignedReceipt} signed */
function receipt({ id }, signed) {
  /** @type {{ erasedAt: string, objects: readonly { bytes: number }[], records: readonly string[] }} */
  const { erasedAt, objects, records } = JSON.parse(signed.receipt);
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
