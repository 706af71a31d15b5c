/** The page that lists webhook endpoints. */
import type { Endpoint, View } from '../../types.ts';
import { createEndpoint, listEndpoints } from '../api.ts';
import { group, h } from '../dom.ts';
import { form, textOf } from '../form.ts';
import { time } from '../format.ts';
import { table, tag } from '../parts.ts';
import { go } from '../router.ts';
import { endpointFields, eventsOf } from './endpoint-fields.ts';

export async function view(): Promise<View> {
  const { items } = await listEndpoints();
  const body = group(
    h('h1', null, 'Webhooks'),
    h('p', { class: 'lede' }, 'The service says by HTTP when something happens, signed as Standard Webhooks says.'),
    items.length > 0 &&
      table(
        'Endpoints',
        ['Endpoint', 'Events', 'State', 'Since'],
        items.map((endpoint) => [
          h('a', { href: `/webhooks/${endpoint.id}` }, endpoint.description || endpoint.url),
          h('span', { class: 'small' }, endpoint.events.join(', ')),
          endpointTag(endpoint),
          time(endpoint.createdAt, true),
        ]),
      ),
    h(
      'section',
      { class: 'narrow', 'aria-labelledby': 'add' },
      h('h2', { id: 'add' }, 'A new endpoint'),
      form(
        'Add the endpoint',
        async (data) => {
          const { endpoint } = await createEndpoint({
            url: textOf(data, 'url'),
            events: eventsOf(data),
            description: textOf(data, 'description'),
          });
          await go(`/webhooks/${endpoint.id}`);
        },
        endpointFields(),
      ),
    ),
  );
  return { title: 'Webhooks', body };
}

export function endpointTag({ disabledAt, disabledReason }: Endpoint) {
  if (disabledAt === null) return tag('on', 'enabled');
  const why = { owner: 'disabled', gone: 'disabled: it answered 410', failing: 'disabled: it failed for days' };
  return tag('failed', why[disabledReason ?? 'owner']);
}
