/** The fields of a webhook endpoint, for a new one and for one that is changed. */
import type { Endpoint, EventType } from '../../types.ts';
import { group, h } from '../dom.ts';
import { choice, field } from '../form.ts';

const EVENTS: readonly (readonly [EventType, string])[] = [
  ['audit.planned', 'An audit was planned, and work begins'],
  ['audit.finished', 'An audit has a report'],
  ['audit.failed', 'An audit ended without a report'],
  ['credits.low', 'Few credits are left'],
];

/** What is there already. */
export function endpointFields(endpoint?: Endpoint) {
  const url = h('input', {
    name: 'url',
    type: 'url',
    required: true,
    maxlength: 2048,
    placeholder: 'https://',
    value: endpoint?.url,
  });
  const description = h('input', { name: 'description', maxlength: 200, value: endpoint?.description });
  return group(
    field('Address', url, 'https, at an address that everybody can reach.'),
    h(
      'fieldset',
      null,
      h('legend', null, 'Tell it when'),
      ...EVENTS.map(([type, text]) =>
        choice(text, { name: 'event', value: type, checked: endpoint ? endpoint.events.includes(type) : true }),
      ),
    ),
    field('Description', description, 'Optional; for this list.'),
  );
}

/** The events that are ticked. */
export function eventsOf(data: FormData): EventType[] {
  const ticked = data.getAll('event');
  return EVENTS.map(([type]) => type).filter((type) => ticked.includes(type));
}
