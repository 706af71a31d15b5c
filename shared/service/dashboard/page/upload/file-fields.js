/** @import { Found, Folder } from './intake.js' */
import { h } from '../dom.js';
import { checkpoint, people, project, summary } from './intake.js';
import { picker } from './picker.js';

/** Beside a checkpoint, and none itself (shared/pipeline/keys.ts). */
const COMPANION = /\.(card\.json|json|txt|md|csv|data|bin|weights)$|onnx[._]data$/i;

/**
 * The three things that an audit takes. A folder that holds all of them can be dropped anywhere.
 * @param {() => void} onChange
 */
export function fileFields(onChange) {
  /** @type {Record<Folder, readonly Found[]>} */
  const held = { checkpoints: [], members: [], controls: [] };
  /** @param {Folder} folder @param {readonly Found[]} found */
  const hold = (folder, found) => {
    held[folder] = found;
    pickers[folder].show(found);
  };
  /** @param {Folder} folder */
  const taking = (folder) => (/** @type {readonly Found[]} */ found) => {
    const whole = project(found);
    if (whole) for (const part of FOLDERS) hold(part, whole[part]);
    else hold(folder, folder === 'checkpoints' ? checkpoint(found) : people(found, folder));
    onChange();
  };
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
    element: h('div', { class: 'zones' }, ...FOLDERS.map((folder) => pickers[folder].zone)),
    files: () => FOLDERS.flatMap((folder) => held[folder]),
    photos: () => summary([...held.members, ...held.controls]).photos,
    /** What is missing, with the focus set to it; undefined where all is there. */
    missing() {
      const checkpoints = held.checkpoints.filter(({ path }) => !COMPANION.test(path)).length;
      if (checkpoints !== 1) {
        pickers.checkpoints.focus();
        return checkpoints === 0 ? 'Give the generator’s checkpoint.' : 'Give one checkpoint only.';
      }
      if (held.members.length > 0) return undefined;
      pickers.members.focus();
      return 'Give photos of the members.';
    },
  };
}

const FOLDERS = /** @type {const} */ (['checkpoints', 'members', 'controls']);
