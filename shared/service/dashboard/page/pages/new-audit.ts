/** The page that takes a new audit’s files and settings. */
import type { Account, NewAudit, Price, View } from '../../types.ts';
import { createAudit, getAccount, Problem, problemOf, quote } from '../api.ts';
import { startWhenUploaded } from '../audit/starting.ts';
import { group, h } from '../dom.ts';
import { choice, field, form, textOf } from '../form.ts';
import { credits, dollars, whole } from '../format.ts';
import { go } from '../router.ts';
import { fileFields } from '../upload/file-fields.ts';
import { beginUpload } from '../upload/upload.ts';

const USUAL_SAMPLES = 50_000;
/** Nobody is asked for a price at every key that is pressed. */
const PAUSE_MS = 250;

export async function view(): Promise<View> {
  const account = await getAccount();
  const price = h('div', { class: 'price', role: 'status' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = new AbortController();
  const requote = () => {
    // What was missing may be there now.
    element.querySelector('.problem')?.remove();
    clearTimeout(timer);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    timer = setTimeout(async () => {
      try {
        price.replaceChildren(priced(await quote(requested(new FormData(element), files), signal), account));
      } catch (thrown) {
        if (!signal.aborted) price.replaceChildren(h('p', { class: 'soft' }, problemOf(thrown).message));
      }
    }, PAUSE_MS);
  };
  const files = fileFields(requote);

  const element = form(
    'Upload and start',
    async (data) => {
      const missing = files.missing();
      if (missing !== undefined) {
        throw new Problem({ code: 'PAGE', detail: missing, help: 'Drop it on its field, or choose it there.' });
      }
      const { id } = await createAudit(requested(data, files));
      startWhenUploaded(beginUpload(id, files.files()));
      await go(`/audits/${id}`, { replace: true });
    },
    h('section', { 'aria-labelledby': 'files' }, h('h2', { id: 'files' }, 'Files'), files.element),
    h(
      'section',
      { class: 'columns', 'aria-label': 'Settings' },
      h(
        'div',
        null,
        h(
          'fieldset',
          null,
          h('legend', null, h('h2', null, 'Your right to do this')),
          choice(
            'I may lawfully use these photos for this audit',
            { type: 'radio', name: 'attestation', value: 'owner', required: true },
            'You trained the generator, or act for whoever did, and have a legal basis for processing these faces.',
          ),
          choice('I am an authority that tests somebody else’s generator', {
            type: 'radio',
            name: 'attestation',
            value: 'regulator',
            required: true,
          }),
        ),
        h(
          'fieldset',
          null,
          h('legend', null, h('h2', null, 'In the report')),
          choice(
            'Names',
            { name: 'names' },
            'People stand there as their folders are called. Without, each has a pseudonym that you alone can translate.',
          ),
          choice(
            'Pictures',
            { name: 'pictures' },
            'Samples beside the photos they match. Without, the report holds no face.',
          ),
        ),
      ),
      h(
        'div',
        null,
        h('h2', null, 'What is made'),
        field(
          'Label',
          h('input', { name: 'label', maxlength: 200 }),
          'Optional, such as "Generator 3, epoch 40". Not the name of a person: webhooks say it.',
        ),
        field(
          'Samples',
          h('input', {
            name: 'samples',
            type: 'number',
            required: true,
            min: 1,
            max: 1_000_000_000,
            value: USUAL_SAMPLES,
          }),
          'More find rarer leakage, and cost more.',
        ),
        h(
          'details',
          null,
          h('summary', null, 'More settings'),
          field(
            'Milliseconds a sample takes',
            h('input', { name: 'msPerSample', type: 'number', min: 0.001, max: 600_000, step: 'any', placeholder: 40 }),
            'On an NVIDIA L4. Where credits are bought, a generator that would cost more than the price is refused, and costs nothing.',
          ),
          field('First seed', h('input', { name: 'seed', type: 'number', min: 0, max: 4_294_967_295, placeholder: 0 })),
        ),
      ),
    ),
    h('section', { 'aria-labelledby': 'price' }, h('h2', { id: 'price' }, 'Price'), price),
  );
  element.addEventListener('input', requote);
  requote();

  const body = group(
    h('p', { class: 'up' }, h('a', { href: '/audits' }, 'Audits')),
    h('h1', null, 'New audit'),
    h(
      'p',
      { class: 'lede' },
      'Drop each thing on its field, or one folder that holds members, controls and checkpoints. Nothing is uploaded before you say so.',
    ),
    element,
  );
  const leave = () => {
    clearTimeout(timer);
    asking.abort();
  };
  return { title: 'New audit', body, leave };
}

function requested(data: FormData, files: Pick<ReturnType<typeof fileFields>, 'photos' | 'checkpoint'>): NewAudit {
  const label = textOf(data, 'label');
  const msPerSample = Number(textOf(data, 'msPerSample'));
  const checkpoint = files.checkpoint();
  return {
    attestation: textOf(data, 'attestation') === 'regulator' ? 'regulator' : 'owner',
    photos: files.photos(),
    names: data.has('names'),
    ...(label === '' ? {} : { label }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(msPerSample > 0 ? { msPerSample } : {}),
    settings: {
      samples: Number(textOf(data, 'samples')),
      seed: Number(textOf(data, 'seed')),
      pictures: data.has('pictures'),
    },
  };
}

function priced({ credits: most, items }: Price, { free, credits: balance }: Account) {
  const short = !free && balance.available < most;
  return group(
    h('p', { class: 'big' }, whole(most)),
    h(
      'p',
      null,
      free
        ? 'credits at most. Credits are free here.'
        : `credits at most (${dollars(most)}); you have ${whole(balance.available)}.`,
      short && ' ',
      short && h('a', { href: '/credits' }, 'Buy credits first.'),
    ),
    h(
      'details',
      null,
      h('summary', null, 'What for'),
      h(
        'ul',
        { class: 'small' },
        ...items.map(({ what, credits: part }) => h('li', null, `${what}: ${credits(part)}`)),
      ),
    ),
    h(
      'p',
      { class: 'small' },
      'The speed that is measured decides what is charged, never more than this. An audit without a result costs nothing.',
    ),
  );
}
