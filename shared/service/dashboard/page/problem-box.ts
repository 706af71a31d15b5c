/** Shows what is wrong. */
import type { Problem } from './api.ts';
import { h } from './dom.ts';

/** What is wrong, and what to do about it; read aloud when it appears. */
export function problemBox(problem: Problem) {
  const { message, help, errors, requestId } = problem;
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', null, h('b', null, message), ' ', help),
    errors.length > 0 &&
      h('ul', null, ...errors.map(({ path, message: what }) => h('li', null, h('code', null, path), ` ${what}`))),
    problem.status >= 500 && requestId !== '' && h('p', { class: 'small' }, 'Request ', h('code', null, requestId)),
  );
}
