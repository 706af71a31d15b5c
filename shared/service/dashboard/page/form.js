import { problemOf } from './api.js';
import { h, newId } from './dom.js';
import { problemBox } from './problem-box.js';

/** @typedef {import('./dom.js').Properties} Properties */

/**
 * A control with its label above and what is to be said about it below.
 * @param {string} label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} control
 * @param {import('./dom.js').Child} [note]
 */
export function field(label, control, note) {
  control.id ||= newId();
  const about = newId();
  if (note) control.setAttribute('aria-describedby', about);
  return h(
    'div',
    { class: 'field' },
    h('label', { for: control.id }, label),
    control,
    note && h('p', { class: 'small', id: about }, note),
  );
}

/**
 * A box to tick, or a button of several, with its label after it.
 * @param {string} label
 * @param {Properties} properties
 * @param {import('./dom.js').Child} [note]
 */
export function choice(label, properties, note) {
  const control = h('input', { type: 'checkbox', id: newId(), ...properties });
  const about = newId();
  if (note) control.setAttribute('aria-describedby', about);
  return h(
    'div',
    { class: 'choice' },
    control,
    h('div', null, h('label', { for: control.id }, label), note && h('p', { class: 'small', id: about }, note)),
  );
}

/**
 * A form that does something when it is sent: once at a time, and saying so if it fails.
 * @param {string} action What its button says.
 * @param {(data: FormData) => Promise<unknown>} send
 * @param {...import('./dom.js').Child} children
 */
export function form(action, send, ...children) {
  const button = h('button', { type: 'submit' }, action);
  const trouble = h('div');
  /** @param {Event} event */
  const onsubmit = async (event) => {
    event.preventDefault();
    await whileBusy(button, trouble, () => send(new FormData(element)));
  };
  const element = h('form', { onsubmit }, ...children, trouble, h('p', { class: 'actions' }, button));
  return element;
}

/**
 * A button that does something.
 * @param {string} text
 * @param {() => Promise<unknown>} act
 * @param {Properties} [properties]
 */
export function actionButton(text, act, properties = {}) {
  const trouble = h('div', { class: 'trouble' });
  /** @type {HTMLButtonElement} */
  const button = h(
    'button',
    { type: 'button', class: 'quiet', ...properties, onclick: () => whileBusy(button, trouble, act) },
    text,
  );
  return h('span', { class: 'action' }, button, trouble);
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} trouble Where it is said what went wrong.
 * @param {() => Promise<unknown>} act
 */
async function whileBusy(button, trouble, act) {
  // Not `disabled`: that would take the focus away.
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  trouble.replaceChildren();
  try {
    await act();
  } catch (thrown) {
    trouble.replaceChildren(problemBox(problemOf(thrown)));
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** @param {FormData} data @param {string} name What was written into a field. */
export function textOf(data, name) {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
