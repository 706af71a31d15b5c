/** The page of the account and its settings. */
import type { View } from '../../types.ts';
import { changeAccount, getAccount } from '../api.ts';
import { announce, group, h } from '../dom.ts';
import { choice, field, form, textOf } from '../form.ts';
import { time } from '../format.ts';
import { facts } from '../parts.ts';

export async function view(): Promise<View> {
  const account = await getAccount();
  const { retention } = account;
  const said = h('p', { role: 'status', class: 'small' });
  const settings = form(
    'Save',
    async (data) => {
      said.textContent = '';
      await changeAccount({
        name: textOf(data, 'name'),
        lowCredits: Number(textOf(data, 'lowCredits')),
        retention: {
          uploads: textOf(data, 'uploads') === 'report' ? 'report' : 'end',
          workDays: Number(textOf(data, 'workDays')),
          reportDays: Number(textOf(data, 'reportDays')),
        },
      });
      said.textContent = 'Saved.';
      announce('Saved.');
    },
    field('Name', h('input', { name: 'name', required: true, maxlength: 100, value: account.name })),
    h(
      'fieldset',
      null,
      h('legend', null, 'Photos and checkpoints are kept'),
      choice('until their audit ends', {
        type: 'radio',
        name: 'uploads',
        value: 'end',
        checked: retention.uploads === 'end',
      }),
      choice('as long as its report', {
        type: 'radio',
        name: 'uploads',
        value: 'report',
        checked: retention.uploads === 'report',
      }),
    ),
    field(
      'Days an audit’s work is kept',
      h('input', { name: 'workDays', type: 'number', required: true, min: 0, max: 14, value: retention.workDays }),
      'Embeddings and shard results: with them we can look into what went wrong.',
    ),
    field(
      'Days a report is kept',
      h('input', {
        name: 'reportDays',
        type: 'number',
        required: true,
        min: 1,
        max: 3650,
        value: retention.reportDays,
      }),
      'Then nothing is left of its audit. These three count for audits that end from now on.',
    ),
    field(
      'Warn below so many credits',
      h('input', {
        name: 'lowCredits',
        type: 'number',
        required: true,
        min: 0,
        max: 1_000_000_000,
        value: account.lowCredits,
      }),
      group('Webhooks hear of it as ', h('code', null, 'credits.low'), '.'),
    ),
    said,
  );
  const body = group(
    h('h1', null, 'Account'),
    facts([
      ['Account', h('code', null, account.id)],
      ['Since', time(account.createdAt, true)],
    ]),
    h('section', { class: 'narrow', 'aria-labelledby': 'settings' }, h('h2', { id: 'settings' }, 'Settings'), settings),
  );
  return { title: 'Account', body };
}
