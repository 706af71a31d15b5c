/** @import * as Types from '../../types.ts' */
/** @import { Upload } from '../upload/upload.js' */
import { Problem } from '../api.js';
import { announce, group, h } from '../dom.js';
import { actionButton, form } from '../form.js';
import { counted, size, time, whole } from '../format.js';
import { problemBox } from '../problem-box.js';
import { fileFields } from '../upload/file-fields.js';
import { beginUpload, uploadOf } from '../upload/upload.js';
import { start, startOf, startWhenUploaded } from './starting.js';

/** An audit that nobody has started is erased after so long. */
const START_WITHIN_MS = 24 * 3_600_000;

/**
 * An audit that waits for its files: how the upload goes, or where to give the files again after an interruption.
 * @param {Types.Audit} audit
 */
export function uploadSection(audit) {
  const place = h('div', { class: 'upload' });
  const section = h('section', { 'aria-labelledby': 'upload' }, h('h2', { id: 'upload' }, 'Upload'), place);
  /** @type {Upload | undefined} */
  let upload = uploadOf(audit.id);
  let shown = '';
  const progress = h('progress', { max: 1, value: 0, 'aria-labelledby': 'upload' });
  const text = h('p');

  const show = () => {
    if (!upload) return;
    const { bytes, bytesSent, filesDone, files, state } = upload;
    progress.max = Math.max(1, bytes);
    progress.value = bytesSent;
    text.textContent = `${size(bytesSent)} of ${size(bytes)}, ${whole(filesDone)} of ${counted(files, 'file')}`;
    const problem = startOf(audit.id);
    const now = `${state} ${problem === null ? 'starting' : (problem?.message ?? '')}`;
    if (now === shown) return;
    shown = now;
    place.replaceChildren(progress, text, state === 'done' ? started(upload, problem) : sending(upload));
    announce(
      state === 'sending' ? 'Uploading' : state === 'done' ? 'Everything is uploaded' : 'The upload has stopped',
    );
  };

  /** @param {Upload} going */
  const sending = (going) => {
    if (going.state === 'sending' || going.state === 'waiting') {
      return group(
        h(
          'p',
          { class: 'small' },
          'It starts by itself when everything is there. Keep this page open; you can look at others.',
        ),
        actionButton('Stop the upload', async () => going.stop()),
      );
    }
    return group(
      going.problem && problemBox(going.problem),
      chooser('Some files are there. Give the same folders again to go on.'),
    );
  };

  /** @param {Upload} done @param {Problem | null | undefined} problem */
  const started = (done, problem) =>
    group(
      problem === null ? h('p', null, 'Starting.') : null,
      problem && problemBox(problem),
      problem !== null &&
        h(
          'p',
          { class: 'actions' },
          actionButton('Start', () => start(done), { class: '' }),
        ),
    );

  /** @param {string} why */
  const chooser = (why) => {
    const files = fileFields(() => undefined);
    return group(
      h('p', { class: 'lede' }, why),
      form(
        'Upload and start',
        async () => {
          const missing = files.missing();
          if (missing !== undefined) {
            throw new Problem({ code: 'PAGE', detail: missing, help: 'What is there already is passed over.' });
          }
          follow(beginUpload(audit.id, files.files()));
          if (upload) startWhenUploaded(upload);
        },
        files.element,
      ),
    );
  };

  /** @param {Upload} next */
  const follow = (next) => {
    upload?.removeEventListener('change', show);
    upload = next;
    shown = '';
    upload.addEventListener('change', show);
    show();
  };

  if (upload) follow(upload);
  else {
    const until = new Date(Date.parse(audit.createdAt) + START_WITHIN_MS).toISOString();
    place.append(
      chooser('Give its files to go on. What was uploaded before is passed over.'),
      h('p', { class: 'small' }, 'Without a start it is erased on ', time(until), '.'),
    );
  }
  return { section, update() {}, leave: () => upload?.removeEventListener('change', show) };
}
