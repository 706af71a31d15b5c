/** Tables, facts, dialogs and other parts that several pages have. */
import { announce, type Child, h, newId } from './dom.ts';

/**
 * A table that may be wider than a telephone; there its rows stand as blocks, each cell with its column's name.
 * @param caption What it is of, for whoever cannot see what is above it.
 * @param rows The first of each row names it.
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
  kind: string = '',
) {
  return h(
    'table',
    { class: `rows ${kind}` },
    h('caption', { class: 'hidden' }, caption),
    h('thead', null, h('tr', null, ...columns.map((column) => h('th', { scope: 'col' }, column)))),
    h(
      'tbody',
      null,
      ...rows.map(([first, ...rest]) =>
        h('tr', null, h('th', { scope: 'row' }, first), ...rest.map((cell, i) => cellOf(cell, columns[i + 1]))),
      ),
    ),
  );
}

function cellOf(cell: Child, column: string | undefined) {
  const isEmpty = cell === '' || cell === null || cell === undefined || cell === false;
  // One element, whatever is in it: on a telephone it stands beside the column's name.
  return h('td', { 'data-column': column || null }, !isEmpty && h('div', null, cell));
}

export function facts(facts: readonly (readonly [string, Child])[]) {
  return h(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
  );
}

/** The three numbers that say how something stands. */
export function numbers(label: string, values: readonly (readonly [Child, Child])[]) {
  return h(
    'div',
    { class: 'numbers', role: 'group', 'aria-label': label },
    ...values.map(([value, what]) => h('div', null, h('p', { class: 'big' }, value), h('p', { class: 'small' }, what))),
  );
}

/** The way to the next page of a list. */
export function more(next: string, text: string) {
  return h('p', { class: 'more' }, h('a', { href: next }, text));
}

/** A text that is to be taken elsewhere, with a button that copies it. */
export function copyable(label: string, text: string) {
  const id = newId();
  const output = h('code', { id, tabindex: '0' }, text);
  const button = h('button', { type: 'button', class: 'quiet', 'aria-describedby': id, onclick: copy }, 'Copy');
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
      announce(`${label} copied`);
    } catch {
      // Without the right to the clipboard it is at least selected.
      getSelection()?.selectAllChildren(output);
    }
  }
  return h('div', { class: 'copyable' }, h('span', { class: 'label' }, label), output, button);
}

/** Asks before something that cannot be taken back. */
export function confirmed(title: string, text: Child, action: string): Promise<boolean> {
  const heading = newId();
  const dialog = h(
    'dialog',
    { 'aria-labelledby': heading },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: heading }, title),
      h('p', { class: 'question' }, text),
      h(
        'p',
        { class: 'actions' },
        h('button', { value: 'yes', class: 'danger' }, action),
        h('button', { value: 'no', class: 'quiet', autofocus: true }, 'Keep it'),
      ),
    ),
  );
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A word that says how something stands. */
export const tag = (state: string, text: string) => h('span', { class: `tag ${state.toLowerCase()}` }, text);
