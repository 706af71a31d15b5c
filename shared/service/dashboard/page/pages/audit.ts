/** The page of one audit. */
import type { Audit, View } from '../../types.ts';
import { cancelAudit, getAudit, problemOf } from '../api.ts';
import { erase } from '../audit/erase.ts';
import { factsOf, progressSection } from '../audit/progress-section.ts';
import { resultSection } from '../audit/result-section.ts';
import { uploadSection } from '../audit/upload-section.ts';
import { announce, group, h } from '../dom.ts';
import { actionButton } from '../form.ts';
import { nameOf, STATES, time, VERDICTS } from '../format.ts';
import { confirmed, tag } from '../parts.ts';
import { reload } from '../router.ts';
import { may } from '../session.ts';
import { uploadOf } from '../upload/upload.ts';

type Section = { section: HTMLElement; update: (audit: Audit) => void; leave: () => void };

export async function view({ id }: { id: string }): Promise<View> {
  let audit = await getAudit(id);
  const standing = h('p', { class: 'standing' });
  const place = h('div');
  const about = h('div');
  const buttons = h('p', { class: 'actions' });
  const details = h('details', null, h('summary', null, h('h2', { id: 'about' }, 'About it')), about);
  const aboutIt = h('section', { 'aria-labelledby': 'about' }, details, buttons);
  const rest = h('div');
  const body = h('div');
  let section: Section | undefined;
  let phase = '';

  const show = (next: Audit) => {
    audit = next;
    const { state, verdict, startedAt, endedAt } = audit;
    standing.replaceChildren(
      verdict === null ? tag(state, STATES[state]) : tag(verdict, VERDICTS[verdict]),
      ...times(audit),
    );
    const now = endedAt !== null ? 'ended' : startedAt !== null ? 'working' : 'created';
    if (now !== phase) {
      section?.leave();
      section = now === 'ended' ? resultSection(audit) : now === 'working' ? progressSection() : uploadSection(audit);
      place.replaceChildren(section.section);
      // A report is long: what is below it would not be found, and what is above it is short.
      details.open = state !== 'DONE';
      rest.replaceChildren(...(state === 'DONE' ? [aboutIt, place] : [place, aboutIt]));
      if (phase !== '' && now === 'ended') announce(`The audit has ended: ${STATES[state]}`);
      phase = now;
      about.replaceChildren(factsOf(audit));
      buttons.replaceChildren(...actions(now));
    }
    section?.update(audit);
  };

  const actions = (now: string) => {
    if (!may('audits:write')) return [];
    const cancel = actionButton('Cancel the audit', async () => {
      const text =
        now === 'created'
          ? 'It costs nothing, and cannot be started any more.'
          : 'What was done of it is charged. There will be no report.';
      if (!(await confirmed(`Cancel "${nameOf(audit)}"?`, text, 'Cancel the audit'))) return;
      uploadOf(id)?.stop();
      show(await cancelAudit(id));
    });
    const remove = actionButton('Erase it', async () => {
      const receipt = await erase(audit);
      if (!receipt) return;
      uploadOf(id)?.stop();
      leave();
      body.replaceChildren(receipt);
    });
    return now === 'ended' ? [remove] : [cancel, remove];
  };

  show(audit);
  const watching = audit.endedAt === null ? watch(id, show) : undefined;
  const leave = () => {
    watching?.close();
    section?.leave();
  };
  body.append(
    h('p', { class: 'up' }, h('a', { href: '/audits' }, 'Audits')),
    h('h1', { class: 'name' }, h('bdi', null, nameOf(audit))),
    standing,
    rest,
  );
  return { title: nameOf(audit), body, leave };
}

function times({ createdAt, startedAt, endedAt, erasedAt }: Audit): (Node | string)[] {
  if (endedAt !== null) {
    return [
      group(' ended ', time(endedAt)),
      erasedAt === null ? '' : group('; everything is erased on ', time(erasedAt, true)),
    ];
  }
  return startedAt === null ? [group(' created ', time(createdAt))] : [group(' started ', time(startedAt))];
}

/** The service was away, or a connection was refused for a moment. */
const AGAIN_MS = 3000;

/**
 * Tells of an audit whenever it changes, until it has ended. The browser connects again by itself where a connection
 * ends; where it was refused, this does. Once the session is over or the audit gone, the page is made anew, which says so.
 */
function watch(id: string, show: (audit: Audit) => void) {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(`/v1/audits/${id}/events`);
    source.addEventListener('audit', ({ data }) => {
      const audit: Audit = JSON.parse(data);
      if (audit.endedAt !== null) source.close();
      show(audit);
    });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(ask, AGAIN_MS);
    });
  };
  const ask = () =>
    getAudit(id).then(open, (thrown) => {
      const { status } = problemOf(thrown);
      if (status === 401 || status === 404) void reload();
      else timer = setTimeout(ask, AGAIN_MS);
    });
  open();
  return {
    close() {
      clearTimeout(timer);
      source.close();
    },
  };
}
