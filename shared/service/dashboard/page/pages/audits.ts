/** The page that lists audits. */
import type { Audit, AuditPage, View } from '../../types.ts';
import { listAudits } from '../api.ts';
import { group, h } from '../dom.ts';
import { counted, credits, nameOf, STATES, time, VERDICTS } from '../format.ts';
import { more, table, tag } from '../parts.ts';
import { may } from '../session.ts';

/** How often a list with audits at work is looked at. */
const LOOK_MS = 5000;

export async function view({ search }: { search: URLSearchParams }): Promise<View> {
  const after = search.get('after');
  const list = h('div');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;

  const look = async () => {
    const page = await listAudits(after);
    if (isGone) return;
    const focused = list.contains(document.activeElement);
    if (!focused) list.replaceChildren(listed(page, after !== null));
    if (page.items.some(isAtWork)) timer = setTimeout(() => look().catch(() => undefined), LOOK_MS);
  };
  await look();
  const body = group(
    h(
      'div',
      { class: 'heading' },
      h('h1', null, 'Audits'),
      may('audits:write') && h('a', { class: 'button', href: '/audits/new' }, 'New audit'),
    ),
    list,
  );
  const leave = () => {
    isGone = true;
    clearTimeout(timer);
  };
  return { title: 'Audits', body, leave };
}

function listed({ items, next }: AuditPage, isLater: boolean) {
  if (items.length === 0) {
    if (isLater) return h('p', { class: 'lede' }, 'There are no older ones.');
    const text =
      'There are none yet. An audit takes a generator, photos of people it was trained on, and photos of others.';
    return h('p', { class: 'lede' }, text);
  }
  return group(
    table(
      'Audits, the newest first',
      ['Audit', 'State', 'Samples', 'Created', 'Credits'],
      items.map((audit) => [
        h('a', { href: `/audits/${audit.id}` }, h('bdi', null, nameOf(audit))),
        standing(audit),
        counted(audit.settings.samples, 'sample').replace(/ samples?$/, ''),
        time(audit.createdAt),
        audit.charged === null
          ? h('span', { class: 'soft' }, `at most ${credits(audit.quote.credits)}`)
          : credits(audit.charged),
      ]),
      'audits',
    ),
    next !== null && more(`/audits?after=${encodeURIComponent(next)}`, 'Older audits'),
  );
}

function standing({ state, verdict, progress }: Audit) {
  if (verdict !== null) return tag(verdict, VERDICTS[verdict]);
  if (!progress) return tag(state, STATES[state]);
  const { done, of } = progress.samples;
  return group(
    tag(state, STATES[state]),
    ' ',
    h('progress', { max: of, value: done, 'aria-label': `${STATES[state]}, samples` }),
  );
}

function isAtWork({ startedAt, endedAt }: Audit) {
  return startedAt !== null && endedAt === null;
}
