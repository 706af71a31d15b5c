/** The part of an audit’s page that shows how its work goes. */
import type { Audit, Progress } from '../../types.ts';
import { announce, h } from '../dom.ts';
import { counted, duration, STATES, short, whole } from '../format.ts';
import { facts } from '../parts.ts';

const STAGES: Readonly<Record<Progress['stages'][number]['stage'], string>> = {
  enrol: 'Photos',
  probe: 'Samples',
  confirm: 'Fresh samples',
};
/** Whoever listens is told no more often. */
const TOLD_MS = 15_000;

const SENTENCES: Partial<Record<Audit['state'], string>> = {
  RECEIVED: 'The checkpoint is read, and the generator’s speed measured.',
  ENROLLING: 'Faces are found in the photos.',
  PROBING: 'Samples are generated, and searched for the people in the photos.',
  MERGING: 'The results are merged and judged.',
  CONFIRMING: 'Somebody was named. Fresh samples, which had no part in it, confirm it.',
  ENDING: 'It has ended, and is settled: in a moment there is a result.',
};

/** An audit at work. What changes is changed in place, so that nobody loses their place. */
export function progressSection() {
  const sentence = h('p', { class: 'lede' });
  const speed = h('p', { class: 'big' });
  const left = h('p', { class: 'big' });
  const most = h('p', { class: 'big' });
  const stages = h('div', { class: 'stages' });
  const section = h(
    'section',
    { 'aria-labelledby': 'progress' },
    h('h2', { id: 'progress' }, 'At work'),
    sentence,
    h(
      'div',
      { class: 'numbers', role: 'group', 'aria-label': 'Progress in numbers' },
      h('div', null, speed, h('p', { class: 'small' }, 'faces a second')),
      h('div', null, left, h('p', { class: 'small' }, 'left of this stage')),
      h('div', null, most, h('p', { class: 'small' }, 'credits at most')),
    ),
    stages,
  );
  const rows: Map<string, { bar: HTMLProgressElement; text: HTMLElement }> = new Map();
  let told = { at: -TOLD_MS, state: '' };
  let measured: { at: number; state: string; done: number; facesPerSecond: number | null; secondsLeft: number | null } =
    { at: 0, state: '', done: -1, facesPerSecond: null, secondsLeft: null };

  /**
   * The speed when the latest shard was done. Until the next one is, the service can only say that more time went by, so
   * that everything seems to slow down.
   */
  const measure = ({ state, progress }: Audit) => {
    if (!progress || (measured.state === state && measured.done === progress.samples.done)) return;
    const { samples, facesPerSecond, secondsLeft } = progress;
    measured = { at: performance.now(), state, done: samples.done, facesPerSecond, secondsLeft };
  };

  const row = (stage: Progress['stages'][number]['stage']) => {
    const found = rows.get(stage);
    if (found) return found;
    const id = `stage-${stage}`;
    const made = { bar: h('progress', { 'aria-labelledby': id }), text: h('span', { class: 'soft' }) };
    rows.set(stage, made);
    stages.append(h('div', { class: 'stage' }, h('span', { id }, STAGES[stage]), made.bar, made.text));
    return made;
  };

  return {
    section,
    update(audit: Audit) {
      const { state, progress, quote } = audit;
      measure(audit);
      sentence.textContent = SENTENCES[state] ?? '';
      most.textContent = whole(quote.credits);
      const { at, facesPerSecond, secondsLeft } = measured;
      const remaining = secondsLeft === null ? null : secondsLeft - (performance.now() - at) / 1000;
      speed.textContent = facesPerSecond === null ? '–' : short(facesPerSecond);
      left.textContent = remaining === null ? '–' : remaining < 1 ? 'soon' : duration(remaining);
      for (const { stage, done, shards } of progress?.stages ?? []) {
        const { bar, text } = row(stage);
        bar.max = Math.max(1, shards);
        bar.value = shards === 0 ? 1 : done;
        text.textContent = shards === 0 ? 'nothing to do' : `${whole(done)} of ${counted(shards, 'shard')}`;
      }
      if (told.state !== state || performance.now() - told.at >= TOLD_MS) {
        told = { at: performance.now(), state };
        announce(spoken(state, progress));
      }
    },
    leave() {},
  };
}

function spoken(state: Audit['state'], progress: Progress | null) {
  const share = progress ? Math.floor((100 * progress.samples.done) / Math.max(1, progress.samples.of)) : 0;
  const left = progress?.secondsLeft;
  return [STATES[state], `${share}% of the samples`, left ? `${duration(left)} left` : ''].filter(Boolean).join(', ');
}

/** What was asked for, and what became of it. */
export function factsOf({ id, settings, photos, attestation, names, quote, charged, read }: Audit) {
  const sides = [
    ['Pictures', read?.pictures] as const,
    ['Members', read?.members] as const,
    ['Controls', read?.controls] as const,
  ].flatMap(([name, side]) =>
    side ? [[name, [side.summary, side.passedOver].filter(Boolean).join('; ')] as const] : [],
  );
  return facts([
    ['Audit', h('code', null, id)],
    ['Samples', whole(settings.samples)],
    ['Photos', whole(photos)],
    ...sides,
    ['Names in the report', names ? 'yes' : 'no, pseudonyms'],
    ['Pictures in the report', settings.pictures ? 'yes' : 'no'],
    ['Attested by', attestation === 'owner' ? 'whoever may use the photos' : 'an authority'],
    [
      'Credits',
      charged === null ? `at most ${whole(quote.credits)}` : `${whole(charged)} of at most ${whole(quote.credits)}`,
    ],
  ]);
}
