/** @import * as Types from '../../types.ts' */
import { h } from '../dom.js';
import { copyable } from '../parts.js';

/** @type {readonly (readonly [string, string])[]} */
const FILES = [
  ['report.html', 'HTML'],
  ['report.json', 'JSON'],
  ['report.sarif', 'SARIF'],
  ['junit.xml', 'JUnit'],
];

/** @param {Types.Audit} audit An audit that has ended: its report, or why there is none. */
export function resultSection(audit) {
  return { section: audit.state === 'DONE' ? report(audit) : failure(audit), update() {}, leave() {} };
}

/** @param {Types.Audit} audit */
function failure({ error, state }) {
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

/** @param {Types.Audit} audit */
function report({ id, names, pseudonymKey }) {
  /** @param {string} file */
  const address = (file) => `/v1/audits/${id}/report/${file}`;
  /** @type {HTMLIFrameElement} */
  const frame = h('iframe', {
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
      ...FILES.map(([file, name]) => h('li', null, h('a', { href: address(file), download: `${id}-${file}` }, name))),
    ),
    !names && pseudonymKey !== null && pseudonyms(pseudonymKey),
    frame,
  );
}

/** @param {string} key */
function pseudonyms(key) {
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

/** @param {HTMLIFrameElement} frame As high as what is in it, now and when either changes its width. */
function adapt(frame) {
  const page = frame.contentDocument?.documentElement;
  if (!page) return;
  const measure = () => {
    const height = page.getBoundingClientRect().height;
    if (height > 0) frame.style.height = `${Math.ceil(height)}px`;
  };
  new ResizeObserver(measure).observe(page);
  measure();
}
