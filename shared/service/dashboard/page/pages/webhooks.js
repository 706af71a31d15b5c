/** @import * as Types from '../../types.ts' */
import { createEndpoint, listEndpoints } from '../api.js';
import { group, h } from '../dom.js';
import { form, textOf } from '../form.js';
import { time } from '../format.js';
import { table, tag } from '../parts.js';
import { go } from '../router.js';
import { endpointFields } from './endpoint-fields.js';

/** @returns {Promise<Types.View>} */
export async function view() {
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
            events: data.getAll('event'),
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

/** @param {Types.Endpoint} endpoint */
export function endpointTag({ disabledAt, disabledReason }) {
  if (disabledAt === null) return tag('on', 'enabled');
  const why = { owner: 'disabled', gone: 'disabled: it answered 410', failing: 'disabled: it failed for days' };
  return tag('failed', why[disabledReason ?? 'owner']);
}
