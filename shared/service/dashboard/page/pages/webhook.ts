/** The page of one webhook endpoint and its messages. */
import type { Delivery, DeliveryPage, View } from '../../types.ts';
import { changeEndpoint, deleteEndpoint, getEndpoint, listDeliveries, replayDelivery, rotateSecret } from '../api.ts';
import { announce, group, h } from '../dom.ts';
import { actionButton, form, textOf } from '../form.ts';
import { counted, time } from '../format.ts';
import { confirmed, copyable, facts, more, table, tag } from '../parts.ts';
import { go, reload } from '../router.ts';
import { endpointFields, eventsOf } from './endpoint-fields.ts';
import { endpointTag } from './webhooks.ts';

export async function view({ id, search }: { id: string; search: URLSearchParams }): Promise<View> {
  const [{ endpoint, secret }, deliveries] = await Promise.all([
    getEndpoint(id),
    listDeliveries(id, search.get('after')),
  ]);
  const isOn = endpoint.disabledAt === null;
  const secretPlace = h('div', null, copyable('Secret', secret));
  const body = group(
    h('p', { class: 'up' }, h('a', { href: '/webhooks' }, 'Webhooks')),
    h('h1', { class: 'address' }, endpoint.description || endpoint.url),
    facts([
      ['State', endpointTag(endpoint)],
      ['Address', endpoint.url],
      ['Endpoint', h('code', null, endpoint.id)],
      ['Secret replaced', time(endpoint.rotatedAt)],
    ]),
    h(
      'section',
      { 'aria-labelledby': 'signing' },
      h('h2', { id: 'signing' }, 'What its messages are signed with'),
      h(
        'p',
        { class: 'lede' },
        'Verify with the secret, or with the public key and no secret on your side. The public key never changes.',
      ),
      h('details', null, h('summary', null, 'Show the secret'), secretPlace),
      copyable('Public key', endpoint.publicKey),
      actionButton('Replace the secret', async () => {
        const text = 'The former one still signs, beside the new one, for a day. Put the new one in place within it.';
        if (!(await confirmed('Replace the secret?', text, 'Replace'))) return;
        secretPlace.replaceChildren(copyable('New secret', (await rotateSecret(id)).secret));
        const details = secretPlace.parentElement;
        if (details instanceof HTMLDetailsElement) details.open = true;
        announce('The secret was replaced.');
      }),
    ),
    h(
      'section',
      { 'aria-labelledby': 'deliveries' },
      h('h2', { id: 'deliveries' }, 'Deliveries'),
      listed(deliveries, id),
    ),
    h(
      'section',
      { class: 'narrow', 'aria-labelledby': 'change' },
      h('h2', { id: 'change' }, 'Change it'),
      form(
        'Save',
        async (data) => {
          await changeEndpoint(id, {
            url: textOf(data, 'url'),
            events: eventsOf(data),
            description: textOf(data, 'description'),
          });
          await reload();
        },
        endpointFields(endpoint),
      ),
      h(
        'p',
        { class: 'actions' },
        actionButton(isOn ? 'Disable it' : 'Enable it', async () => {
          await changeEndpoint(id, { enabled: !isOn });
          await reload();
        }),
        actionButton('Delete it', async () => {
          const text = 'Nothing more is sent to it, and what waits for it fails. That cannot be undone.';
          if (!(await confirmed('Delete this endpoint?', text, 'Delete'))) return;
          await deleteEndpoint(id);
          await go('/webhooks');
        }),
      ),
    ),
  );
  return { title: `Webhook ${endpoint.description || endpoint.url}`, body };
}

function listed({ items, next }: DeliveryPage, endpoint: string) {
  return group(
    items.length === 0
      ? h('p', { class: 'lede' }, 'Nothing was sent to it in the last 30 days.')
      : table('Messages, the newest first', ['Event', 'When', 'State', 'Attempts', ''], items.map(row)),
    next !== null && more(`/webhooks/${endpoint}?after=${encodeURIComponent(next)}`, 'Older messages'),
  );
}

function row(delivery: Delivery) {
  const { id, type, at, state, failure, history, payload, attempts, nextAt } = delivery;
  const word = failure ?? state;
  return [
    h(
      'details',
      null,
      h('summary', null, h('code', null, type)),
      h('p', { class: 'small' }, 'Message ', h('code', null, id)),
      h('pre', { tabindex: '0' }, JSON.stringify(JSON.parse(payload), null, 2)),
      history.length > 0 &&
        h(
          'ul',
          { class: 'small' },
          ...history.map((one) => h('li', null, time(one.at), `: ${one.status ?? ''} ${one.reason ?? ''}`)),
        ),
    ),
    time(at),
    tag(state, word),
    nextAt === null ? counted(attempts, 'attempt') : group(counted(attempts, 'attempt'), ', next ', time(nextAt)),
    actionButton(
      'Send again',
      async () => {
        await replayDelivery(id);
        announce('It is sent again.');
        await reload();
      },
      { 'aria-label': `Send ${type} again` },
    ),
  ];
}
