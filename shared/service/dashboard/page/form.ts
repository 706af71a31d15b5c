/** Fields, forms, and buttons that do something. */
import { problemOf } from './api.ts';
import { type Child, h, newId, type Properties } from './dom.ts';
import { problemBox } from './problem-box.ts';

/** A control with its label above and what is to be said about it below. */
export function field(
  label: string,
  control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement,
  note?: Child,
) {
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

/** A box to tick, or a button of several, with its label after it. */
export function choice(label: string, properties: Properties, note?: Child) {
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
 * @param action What its button says.
 */
export function form(action: string, send: (data: FormData) => Promise<unknown>, ...children: Child[]) {
  const button = h('button', { type: 'submit' }, action);
  const trouble = h('div');
  const onsubmit = async (event: Event) => {
    event.preventDefault();
    await whileBusy(button, trouble, () => send(new FormData(element)));
  };
  const element = h('form', { onsubmit }, ...children, trouble, h('p', { class: 'actions' }, button));
  return element;
}

/** A button that does something. */
export function actionButton(text: string, act: () => Promise<unknown>, properties: Properties = {}) {
  const trouble = h('div', { class: 'trouble' });
  const button: HTMLButtonElement = h(
    'button',
    { type: 'button', class: 'quiet', ...properties, onclick: () => whileBusy(button, trouble, act) },
    text,
  );
  return h('span', { class: 'action' }, button, trouble);
}

/** @param trouble Where it is said what went wrong. */
async function whileBusy(button: HTMLButtonElement, trouble: HTMLElement, act: () => Promise<unknown>) {
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

/** What was written into a field. */
export function textOf(data: FormData, name: string) {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
