/** A field that files are dropped on or chosen in. */
import { announce, type Child, h, newId } from '../dom.ts';
import { counted, size } from '../format.ts';
import { chosen, dropped, type Found, summary } from './intake.ts';

/**
 * Where files are dropped, or chosen with the keyboard.
 * @param options.folder Whether folders are chosen, or files.
 */
export function picker({
  name,
  title,
  note,
  folder,
  onFound,
}: {
  name: string;
  title: string;
  note: Child;
  folder: boolean;
  onFound: (found: readonly Found[]) => void;
}) {
  const input: HTMLInputElement = h('input', {
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
  const over = (step: number) => {
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
    /** Says what was taken. */
    show(found: readonly Found[]) {
      held.textContent = found.length === 0 ? 'Nothing in it can be used.' : described(found, folder);
      zone.classList.toggle('full', found.length > 0);
      announce(`${title}: ${held.textContent}`);
    },
  };
}

function described(found: readonly Found[], folder: boolean) {
  const { people, photos, bytes } = summary(found);
  if (!folder) return `${found.map(({ path }) => path.slice(path.indexOf('/') + 1)).join(', ')}, ${size(bytes)}`;
  if (photos === 0) return `Embeddings, ${size(bytes)}`;
  return `${counted(people, 'person', 'people')}, ${counted(photos, 'photo')}, ${size(bytes)}`;
}
