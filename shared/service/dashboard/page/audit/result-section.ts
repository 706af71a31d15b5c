/** The part of an audit’s page that shows its report, or why there is none. */
import type { Audit } from '../../types.ts';
import { h } from '../dom.ts';
import { copyable } from '../parts.ts';

const FILES: readonly (readonly [string, string])[] = [
  ['report.html', 'HTML'],
  ['report.json', 'JSON'],
  ['report.sarif', 'SARIF'],
  ['junit.xml', 'JUnit'],
];

/** An audit that has ended: its report, or why there is none. */
export function resultSection(audit: Audit) {
  return { section: audit.state === 'DONE' ? report(audit) : failure(audit), update() {}, leave() {} };
}

function failure({ error, state }: Audit) {
  return h(
    'section',
    { 'aria-labelledby': 'why' },
    h(
      'h2',
      { id: 'why' },
      state === 'CANCELLED' || state === 'EXPIRED' ? 'There is no report' : 'Why there is no report',
    ),
    error
      ? h(
          'div',
          { class: 'problem' },
          h('p', null, h('b', null, error.message), ' ', error.help),
          h('p', { class: 'small' }, h('code', null, error.code)),
        )
      : null,
  );
}

function report({ id, names, pseudonymKey, read }: Audit) {
  const files = read?.pictures ? [...FILES, ['matches.csv', 'Matching pictures'] as const] : FILES;
  const address = (file: string) => `/v1/audits/${id}/report/${file}`;
  const frame: HTMLIFrameElement = h('iframe', {
    src: address('report.html'),
    title: 'The report',
    // Nothing in it may run; that it has this origin lets its height be measured, and nothing more.
    sandbox: 'allow-same-origin',
    onload: () => adapt(frame),
  });
  return h(
    'section',
    { 'aria-labelledby': 'report' },
    h('h2', { id: 'report' }, 'Report'),
    h(
      'ul',
      { class: 'files' },
      h(
        'li',
        null,
        h('a', { href: address('report.html'), target: '_blank', rel: 'noopener' }, 'Open in a tab of its own'),
      ),
      ...files.map(([file, name]) => h('li', null, h('a', { href: address(file), download: `${id}-${file}` }, name))),
    ),
    !names && pseudonymKey !== null && pseudonyms(pseudonymKey),
    frame,
  );
}

function pseudonyms(key: string) {
  return h(
    'details',
    null,
    h('summary', null, 'Who is who'),
    h(
      'p',
      { class: 'small' },
      'People stand in the report under pseudonyms. With this key you translate them back; keep it from whoever reads the report.',
    ),
    copyable('Key of the pseudonyms', key),
  );
}

/** As high as what is in it, now and when either changes its width. */
function adapt(frame: HTMLIFrameElement) {
  const page = frame.contentDocument?.documentElement;
  if (!page) return;
  const measure = () => {
    const height = page.getBoundingClientRect().height;
    if (height > 0) frame.style.height = `${Math.ceil(height)}px`;
  };
  new ResizeObserver(measure).observe(page);
  measure();
}
