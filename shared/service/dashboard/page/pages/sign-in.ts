/** The page that signs in, and makes accounts where that is open. */
import type { Credential, Session, View } from '../../types.ts';
import { createAccount, Problem, problemOf, signIn } from '../api.ts';
import { group, h } from '../dom.ts';
import { field, form, textOf } from '../form.ts';
import { copyable } from '../parts.ts';
import { problemBox } from '../problem-box.ts';
import { service } from '../session.ts';

/** Why somebody was not signed in who was to be. */
export function signInView(enter: (session: Session) => unknown, refusal: Problem | null = null): View {
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

/** What was typed. */
const credentialOf = (text: string): Credential => (text.startsWith('rwc_') ? { code: text } : { key: text });

/** People at the page need no advice about headers. */
export async function signInWith(credential: Credential) {
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

function signUp(enter: (session: Session) => unknown) {
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
