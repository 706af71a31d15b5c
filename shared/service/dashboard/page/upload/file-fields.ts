/** The three fields that take an audit’s files. */
import { h } from '../dom.ts';
import { field } from '../form.ts';
import { checkpoint, type Folder, type Found, people, project, summary } from './intake.ts';
import { picker } from './picker.ts';

/** Beside a checkpoint, and none itself (shared/pipeline/base/layout.ts). */
const COMPANION = /\.(card\.json|json|txt|md|csv|data|bin|weights)$|onnx[._]data$/i;
/** Most likely one. */
const MODEL = /\.(onnx|pkl|pt|pth|ckpt|safetensors)$/i;

/** The three things that an audit takes. A folder that holds all of them can be dropped anywhere. */
export function fileFields(onChange: () => void) {
  const held: Record<Folder, readonly Found[]> = { checkpoints: [], members: [], controls: [] };
  const hold = (folder: Folder, found: readonly Found[]) => {
    held[folder] = found;
    pickers[folder].show(found);
    if (folder === 'checkpoints') askWhich();
  };
  const taking = (folder: Folder) => (found: readonly Found[]) => {
    const whole = project(found);
    if (whole) for (const part of FOLDERS) hold(part, whole[part]);
    else hold(folder, folder === 'checkpoints' ? checkpoint(found) : people(found, folder));
    onChange();
  };
  /** Files that may be the checkpoint, as they are called below checkpoints/. */
  const candidates = () =>
    held.checkpoints.map(({ path }) => path.slice(path.indexOf('/') + 1)).filter((name) => !COMPANION.test(name));
  const which = h('select', { name: 'checkpoint' });
  const whichField = field(
    'Which of them is the checkpoint?',
    which,
    'The others go along, such as weights of their own.',
  );
  const askWhich = () => {
    const names = candidates();
    whichField.hidden = names.length < 2;
    which.replaceChildren(...names.map((name) => h('option', { value: name }, name)));
    which.value = names.find((name) => MODEL.test(name)) ?? names[0] ?? '';
  };
  askWhich();
  const pickers = {
    checkpoints: picker({
      name: 'checkpoint',
      title: 'Generator',
      note: 'One checkpoint: a file of PyTorch, safetensors or ONNX. Its card or weights beside it go along.',
      folder: false,
      onFound: taking('checkpoints'),
    }),
    members: picker({
      name: 'members',
      title: 'Members',
      note: 'People it was trained on: a folder with a folder for each person, and their photos in it.',
      folder: true,
      onFound: taking('members'),
    }),
    controls: picker({
      name: 'controls',
      title: 'Controls',
      note: 'People it never saw, from the same source, laid out the same way. Without them there is no claim about leakage.',
      folder: true,
      onFound: taking('controls'),
    }),
  };
  return {
    element: h('div', null, h('div', { class: 'zones' }, ...FOLDERS.map((folder) => pickers[folder].zone)), whichField),
    /** Which file is the checkpoint, where that is not plain. */
    checkpoint: () => (candidates().length > 1 ? which.value : undefined),
    files: () => FOLDERS.flatMap((folder) => held[folder]),
    photos: () => summary([...held.members, ...held.controls]).photos,
    /** What is missing, with the focus set to it; undefined where all is there. */
    missing() {
      if (candidates().length === 0) {
        pickers.checkpoints.focus();
        return 'Give the generator’s checkpoint.';
      }
      if (held.members.length > 0) return undefined;
      pickers.members.focus();
      return 'Give photos of the members.';
    },
  };
}

const FOLDERS = ['checkpoints', 'members', 'controls'] as const;
