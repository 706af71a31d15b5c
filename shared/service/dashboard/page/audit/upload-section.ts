/** The part of an audit’s page that shows its upload, or asks for its files. */
import type { Audit } from '../../types.ts';
import { Problem } from '../api.ts';
import { announce, group, h } from '../dom.ts';
import { actionButton, form } from '../form.ts';
import { counted, size, time, whole } from '../format.ts';
import { problemBox } from '../problem-box.ts';
import { fileFields } from '../upload/file-fields.ts';
import { beginUpload, type Upload, uploadOf } from '../upload/upload.ts';
import { start, startOf, startWhenUploaded } from './starting.ts';

/** An audit that nobody has started is erased after so long. */
const START_WITHIN_MS = 24 * 3_600_000;

/** An audit that waits for its files: how the upload goes, or where to give the files again after an interruption. */
export function uploadSection(audit: Audit) {
  const place = h('div', { class: 'upload' });
  const section = h('section', { 'aria-labelledby': 'upload' }, h('h2', { id: 'upload' }, 'Upload'), place);
  let upload: Upload | undefined = uploadOf(audit.id);
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

  const sending = (going: Upload) => {
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

  const started = (done: Upload, problem: Problem | null | undefined) =>
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

  const chooser = (why: string) => {
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

  const follow = (next: Upload) => {
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
