/** @import * as Types from '../../types.ts' */
import { createAccount, Problem, problemOf, signIn } from '../api.js';
import { group, h } from '../dom.js';
import { field, form, textOf } from '../form.js';
import { copyable } from '../parts.js';
import { problemBox } from '../problem-box.js';
import { service } from '../session.js';

/**
 * @param {(session: Types.Session) => unknown} enter
 * @param {Problem | null} [refusal] Why somebody was not signed in who was to be.
 * @returns {Types.View}
 */
export function signInView(enter, refusal = null) {
  const key = h('input', {
    name: 'key',
    type: 'password',
    required: true,
    autocomplete: 'current-password',
    autocapitalize: 'off',
    spellcheck: 'false',
    placeholder: 'rwk_…',
  });
  const body = group(
    h('h1', null, 'Does a face generator give away whom it was trained on?'),
    h('p', { class: 'lede' }, 'Sign in to audit one, and to read what was found.'),
    refusal && problemBox(refusal),
    h(
      'div',
      { class: 'columns' },
      h(
        'section',
        { 'aria-labelledby': 'sign-in' },
        h('h2', { id: 'sign-in' }, 'Sign in'),
        form(
          'Sign in',
          async (data) => enter(await signInWith(credentialOf(textOf(data, 'key')))),
          // For programs that keep passwords.
          h('input', { name: 'username', autocomplete: 'username', value: 'API key', hidden: true }),
          field(
            'API key',
            key,
            'It begins with rwk_, a sign-in code with rwc_. The session lasts 12 hours; scripts cannot read it.',
          ),
        ),
      ),
      service.signUp && signUp(enter),
    ),
  );
  return { title: 'Sign in', body };
}

/**
 * @param {string} text What was typed.
 * @returns {Types.Credential}
 */
const credentialOf = (text) => (text.startsWith('rwc_') ? { code: text } : { key: text });

/** @param {Types.Credential} credential People at the page need no advice about headers. */
export async function signInWith(credential) {
  try {
    return await signIn(credential);
  } catch (thrown) {
    const { code, status } = problemOf(thrown);
    if (status !== 401) throw thrown;
    throw new Problem({
      code,
      status,
      ...('code' in credential
        ? {
            detail: 'This sign-in code was used before, or is older than 10 minutes.',
            help: 'Make another with "rewound account sign-in", or use an API key.',
          }
        : { detail: 'This key opens nothing.', help: 'Is it whole, and not revoked or expired?' }),
    });
  }
}

/** @param {(session: Types.Session) => unknown} enter */
function signUp(enter) {
  const name = h('input', { name: 'name', required: true, maxlength: 100, autocomplete: 'organization' });
  const section = h(
    'section',
    { 'aria-labelledby': 'sign-up' },
    h('h2', { id: 'sign-up' }, 'Make an account'),
    form(
      'Make an account',
      async (data) => {
        const { text } = await createAccount(textOf(data, 'name'));
        section.replaceChildren(
          h('h2', { id: 'sign-up', tabindex: '-1' }, 'Your first key'),
          h('p', null, 'It may do everything. It is shown this once, and kept nowhere.'),
          copyable('API key', text),
          form('I have kept it', async () => enter(await signIn({ key: text }))),
        );
        section.querySelector('h2')?.focus();
      },
      field('Name', name, 'Of your organization, or what you like.'),
    ),
  );
  return section;
}
