/** The page of API keys. */
import type { Key, Scope, View } from '../../types.ts';
import { createKey, listKeys, revokeKey } from '../api.ts';
import { group, h } from '../dom.ts';
import { actionButton, choice, field, form, textOf } from '../form.ts';
import { time } from '../format.ts';
import { confirmed, copyable, table, tag } from '../parts.ts';
import { may, session } from '../session.ts';

const SCOPES: readonly (readonly [Scope, string])[] = [
  ['audits:read', 'Read audits and reports'],
  ['audits:write', 'Create, start, cancel and delete audits'],
  ['webhooks', 'Manage webhooks, and read their secrets'],
  ['billing', 'Buy credits'],
  ['account', 'Change the account'],
  ['keys', 'Make and revoke keys'],
];
const DAY_MS = 86_400_000;

export async function view(): Promise<View> {
  const list = h('div');
  const show = async () => {
    const { items } = await listKeys();
    list.replaceChildren(listed(items, show));
  };
  await show();
  const created = h('div', { role: 'status' });
  const make = form(
    'Make a key',
    async (data) => {
      const ticked = data.getAll('scope');
      const days = Number(textOf(data, 'days'));
      const { key, text } = await createKey({
        name: textOf(data, 'name'),
        scopes: SCOPES.map(([scope]) => scope).filter((scope) => ticked.includes(scope)),
        ...(days > 0 ? { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() } : {}),
      });
      created.replaceChildren(
        h('p', null, h('b', null, 'Copy it now. '), `The text of "${key.name}" is shown this once, and kept nowhere.`),
        copyable('API key', text),
      );
      make.reset();
      await show();
    },
    field('Name', h('input', { name: 'name', required: true, maxlength: 100 }), 'Where it will be used.'),
    h(
      'fieldset',
      null,
      h('legend', null, 'What it may do'),
      ...SCOPES.filter(([scope]) => may(scope)).map(([scope, text]) =>
        choice(text, { name: 'scope', value: scope, checked: scope.startsWith('audits:') }),
      ),
    ),
    field(
      'Ends',
      h(
        'select',
        { name: 'days' },
        h('option', { value: 0 }, 'when it is revoked'),
        h('option', { value: 30 }, 'after 30 days'),
        h('option', { value: 90, selected: true }, 'after 90 days'),
        h('option', { value: 365 }, 'after a year'),
      ),
    ),
  );
  const body = group(
    h('h1', null, 'API keys'),
    h(
      'p',
      { class: 'lede' },
      'A key opens ',
      h('a', { href: '/v1/reference' }, 'the API'),
      ', the command line and this page. Give each place its own, with no more rights than it needs.',
    ),
    list,
    h('section', { class: 'narrow', 'aria-labelledby': 'make' }, h('h2', { id: 'make' }, 'A new key'), created, make),
  );
  return { title: 'API keys', body };
}

function listed(keys: readonly Key[], show: () => Promise<void>) {
  return table(
    'API keys, the newest first',
    ['Name', 'May', 'Created', 'Last used', 'Ends', ''],
    keys.map((key) => [
      group(h('bdi', null, key.name), isOwn(key) && h('span', { class: 'soft' }, ' (this session)')),
      h('span', { class: 'small' }, key.scopes.length === SCOPES.length ? 'everything' : key.scopes.join(', ')),
      time(key.createdAt, true),
      time(key.lastUsedAt, true),
      ending(key),
      key.revokedAt === null && actionButton('Revoke', () => revoke(key, show), { 'aria-label': `Revoke ${key.name}` }),
    ]),
  );
}

function ending({ revokedAt, expiresAt }: Key) {
  if (revokedAt !== null) return group(tag('failed', 'revoked'), ' ', time(revokedAt, true));
  return expiresAt === null ? 'when revoked' : time(expiresAt, true);
}

const isOwn = ({ id }: Key) => id === session()?.key;

async function revoke(key: Key, show: () => Promise<void>) {
  const consequence = isOwn(key)
    ? 'You are signed in with it: this ends your session.'
    : 'Whatever uses it stops working at once. That cannot be undone.';
  if (!(await confirmed(`Revoke "${key.name}"?`, consequence, 'Revoke'))) return;
  await revokeKey(key.id);
  if (isOwn(key)) location.assign('/');
  else await show();
}
