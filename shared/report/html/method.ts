import {
  counted,
  decimal,
  duration,
  estimate,
  percent,
  percentRange,
  points,
  pointsRange,
  pValue,
  whole,
} from '../format.ts';
import type { Report } from '../model.ts';
import { html, type Markup, type Part } from './escape.ts';
import { facts, table } from './table.ts';

/** Every number with its interval. */
export function numbers(report: Report): Markup {
  const { rates, delta, auc, permutation, threshold, generator, audit } = report;
  const rows: Part[][] = [];
  const rate = (name: string, { hits, identities, rate: value, low, high }: NonNullable<Report['rates']>['members']) =>
    rows.push([
      name,
      percent(value),
      percentRange({ low, high }),
      `${whole(hits)} of ${whole(identities)}; Clopper-Pearson`,
    ]);
  if (rates !== null) {
    rate('Members revealed', rates.members);
    rate('Controls revealed', rates.controls);
  }
  if (delta !== null)
    rows.push([
      'Difference',
      `${points(delta.estimate)} points`,
      pointsRange(delta),
      'members minus controls; Newcombe',
    ]);
  if (permutation !== null) {
    rows.push([
      'Permutation test',
      `p = ${pValue(permutation.p)}`,
      '',
      `one-sided, ${counted(permutation.draws, 'relabelling', 'relabellings')} of whole people`,
    ]);
  }
  if (auc !== null) {
    const [value, range] = estimate(auc).split(' (');
    rows.push(['Area under the ROC', value, range?.replace(')', ''), 'bootstrap over people']);
  }
  if (report.aucPermutation !== null) {
    const { p, draws } = report.aucPermutation;
    rows.push([
      'Permutation test of the AUC',
      `p = ${pValue(p)}`,
      '',
      `labels shuffled ${whole(draws)} times; no part of the verdict`,
    ]);
  }
  if (threshold !== null)
    rows.push([
      'Threshold',
      decimal(threshold.value, 4),
      '',
      `${threshold.source} ${counted(threshold.identities, 'control identity', 'control identities')} set it and took no further part.`,
    ]);
  const { searched, undetected } = generator;
  const share = searched === 0 ? '' : ` (${percent(undetected / searched)})`;
  const basis =
    searched === audit.samples
      ? 'of all samples; they reveal nobody'
      : `of the ${whole(searched)} looked at: faces lie in the same place, so the others were not searched`;
  rows.push(['Samples without a face', `${whole(undetected)}${share}`, '', basis]);
  return html`<section id="numbers"><h2>The numbers</h2>${report.verdict === 'INVALID' ? html`<p class="warning">A condition failed: none of these is a finding.</p>` : null}${table(['Quantity', 'Estimate', '95% interval', 'Basis'], rows, 'text')}</section>`;
}

/** Settings, inputs and how to see a finding again: everything needed to repeat the audit. */
export function method(report: Report): Markup {
  const { audit, generator, recognizer, timing } = report;
  return html`<section id="method"><h2>How it was done</h2>
<p class="lede">The generator made ${counted(audit.samples, 'picture', 'pictures')} from numbered seeds. A face recognizer turned each of them, and each photo, into a point; the closest photos of either side were kept for every sample. Everybody had the same number of photos, and photos were first shrunk to the size of a generated face, so that neither side had an advantage.</p>
<div class="columns"><div><h3>Audit</h3>${facts([
    ['Samples', whole(audit.samples)],
    ['Seeds', `${audit.seed} to ${audit.seed + Math.max(0, audit.samples - 1)}`],
    ['Photos per person', whole(report.photosPerIdentity)],
    ['Nearest faces kept', `${whole(audit.k)} per sample`],
    ['Batch, shards', `${whole(audit.batch)}, ${whole(audit.shards)}`],
    ['Device', audit.device],
    ['Audit', html`<code>${audit.id}</code>`],
  ])}</div>
<div><h3>Generator</h3>${facts([
    ['File', html`<bdi>${generator.file}</bdi>`],
    ['MD5', html`<code>${generator.md5}</code>`],
    ['Format', generator.format],
    [
      'Picture',
      `${generator.width} × ${generator.height}, ${counted(generator.channels, 'channel', 'channels')}, values ${generator.range.map((value) => decimal(value, 0)).join(' to ')}`,
    ],
    ['Latent', latent(generator.latent)],
    ['Alignment', alignment(generator.alignment)],
    ['Distance of the eyes', `${decimal(generator.alignment.eyeDistance, 1)} pixels`],
  ])}</div>
<div><h3>Recognizer</h3>${facts([
    ['Name', recognizer.name],
    ['Embedding', `${whole(recognizer.embedding)} numbers`],
    ['Licence', recognizer.licence],
  ])}<h3>Time</h3>${facts([
    ['Start to verdict', duration(timing.totalMs)],
    ['Generate', duration(timing.generateMs)],
    ['Align', duration(timing.alignMs)],
    ['Embed', duration(timing.embedMs)],
    ['Search', duration(timing.searchMs)],
  ])}</div></div>
${assumptions(generator.assumptions)}${galleries(report)}${reproduce(report)}</section>`;
}

function latent({ size, distribution, low, high }: Report['generator']['latent']): string {
  const bounds = low === null || high === null ? '' : ` from ${low} to ${high}`;
  return `${whole(size)} numbers, ${distribution}${bounds}`;
}

function alignment({ mode, spread }: Report['generator']['alignment']): string {
  const how = mode === 'fixed' ? 'one place for all samples, the mean of the landmarks' : 'each face looked for';
  return `${mode}: ${how}; landmarks vary by ${percent(spread)} of the distance of the eyes`;
}

function assumptions(list: Report['generator']['assumptions']): Markup {
  if (list.length === 0) return html``;
  return html`<h3>What the file does not say of itself</h3>${table(
    ['Assumption', 'Taken as', 'Where from'],
    list.map(({ what, value, source }) => [what, value, source]),
    'text',
  )}`;
}

function galleries({ members, controls }: Report): Markup {
  const sides = controls === null ? [members] : [members, controls];
  type Count = Exclude<keyof Report['members'], 'leftOut'>;
  const row = (name: string, what: Count) => [name, ...sides.map((side) => whole(side[what]))];
  const leftOut = sides.flatMap((side) => side.leftOut);
  return html`<h3>Photos</h3>${table(
    ['', ...['Members', 'Controls'].slice(0, sides.length)],
    [
      row('People compared', 'identities'),
      row('Photos found', 'photos'),
      row('Photos in which no face was found', 'undetected'),
      row('Photos that could not be read', 'unreadable'),
      row('People left out because they stand on both sides', 'overlapping'),
    ],
  )}${controls === null ? html`<p class="small">No controls were given.</p>` : null}${
    leftOut.length === 0
      ? null
      : html`<details class="more"><summary>Photos that took no part</summary>${table(
          ['Person', 'Photo', 'Why'],
          leftOut.map(({ identity, photo, reason }) => [
            identity,
            photo,
            reason === 'undetected' ? 'no face was found' : 'could not be read',
          ]),
          'text',
        )}</details>`
  }`;
}

function reproduce({ matches, audit, generator }: Report): Markup {
  const seed = (matches.find(({ role }) => role === 'members') ?? matches[0])?.seed ?? audit.seed;
  return html`<h3>See one finding again</h3>
<p>A seed always makes the same picture. This makes the picture of seed ${seed} once more and searches it again; <code>OUT</code> is the folder of this report.</p>
<pre><code>rewound show OUT --seed ${seed}</code></pre>${
    generator.latent.distribution === 'normal'
      ? html`<p class="small">The latent of a seed is <code>numpy.random.RandomState(seed).randn(${generator.latent.size})</code>, as the field's own tools draw it.</p>`
      : null
  }`;
}

/** What the audit cannot tell, and how to handle a page of faces. */
export function limits({ limits: list }: Report): Markup {
  return html`<section id="limits"><h2>Limits and responsible use</h2><div class="columns two-columns"><div><h3>What this audit cannot tell</h3><ul>${list.map((text) => html`<li>${text}</li>`)}</ul></div>
<div><h3>Handle this page like the photos</h3><ul>
<li>It shows faces of real people and says that they were, or were not, in a training set. Both are personal data: share it only with those who must decide.</li>
<li>The audit needs the training photos. It is a tool for the owner of a generator, or whoever supervises them, not a way to find strangers.</li>
<li>A match is the judgement of a recognizer, which errs more often for some groups of people than for others. Never use a pair to identify somebody.</li>
</ul></div></div></section>`;
}
