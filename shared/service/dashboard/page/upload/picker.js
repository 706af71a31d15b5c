/** @import { Child } from '../dom.js' */
/** @import { Found } from './intake.js' */
import { announce, h, newId } from '../dom.js';
import { counted, size } from '../format.js';
import { chosen, dropped, summary } from './intake.js';

/**
 * Where files are dropped, or chosen with the keyboard.
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {Child} options.note
 * @param {boolean} options.folder Whether folders are chosen, or files.
 * @param {(found: readonly Found[]) => void} options.onFound
 */
export function picker({ name, title, note, folder, onFound }) {
  /** @type {HTMLInputElement} */
  const input = h('input', {
    type: 'file',
    id: newId(),
    name,
    multiple: true,
    webkitdirectory: folder,
    onchange: () => input.files && input.files.length > 0 && onFound(chosen(input.files)),
  });
  const held = h('p', { class: 'held', id: newId() });
  const about = newId();
  input.setAttribute('aria-describedby', `${about} ${held.id}`);
  let depth = 0;
  /** @param {number} step */
  const over = (step) => {
    depth += step;
    zone.classList.toggle('over', depth > 0);
  };
  const zone = h(
    'div',
    {
      class: 'zone',
      ondragenter: () => over(1),
      ondragleave: () => over(-1),
      ondragover: (event) => event.preventDefault(),
      ondrop: async (event) => {
        event.preventDefault();
        over(-depth);
        if (!(event instanceof DragEvent) || !event.dataTransfer) return;
        onFound(await dropped(event.dataTransfer));
      },
    },
    h('label', { for: input.id }, title),
    h('p', { class: 'small', id: about }, note),
    input,
    held,
  );
  return {
    zone,
    focus: () => input.focus(),
    /** @param {readonly Found[]} found Says what was taken. */
    show(found) {
      held.textContent = found.length === 0 ? 'Nothing in it can be used.' : described(found, folder);
      zone.classList.toggle('full', found.length > 0);
      announce(`${title}: ${held.textContent}`);
    },
  };
}

/** @param {readonly Found[]} found @param {boolean} folder */
function described(found, folder) {
  const { people, photos, bytes } = summary(found);
  if (!folder) return `${found.map(({ path }) => path.slice(path.indexOf('/') + 1)).join(', ')}, ${size(bytes)}`;
  if (photos === 0) return `Embeddings, ${size(bytes)}`;
  return `${counted(people, 'person', 'people')}, ${counted(photos, 'photo')}, ${size(bytes)}`;
}
