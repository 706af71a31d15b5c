/** Renders settings, inputs and limits of an audit. */
import { passedLine, understoodLine } from '../../../collection/understood.ts';
import { html, type Markup } from '../../../markup/escape.ts';
import { facts, table } from '../../../markup/table.ts';
import { capitalised, counted, decimal, duration, percent, whole } from '../../format.ts';
import type { Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { gates } from './gates.ts';

/** Conditions, settings, inputs, inputs and how to see a finding again: everything needed to repeat the audit. */
export function method(report: Report): Markup {
  const { audit, generator, results, timing } = report;
  return html`<section id="method"><h2>How it was done</h2>
<p class="lede">${madeWords(report)} A face recognizer turned each of them, and each photo, into a point; the closest photos of either side were kept for every ${subjectOf(report).sample}. Everybody had the same number of photos, and photos were first shrunk to the size of ${report.published ? 'the faces in the pictures' : 'a generated face'}, so that neither side had an advantage.</p>
${gates(report)}
<h3>Settings</h3><p class="lede">Fixed before the first ${subjectOf(report).sample} was ${subjectOf(report).made}: the audit's number is a digest of the settings, the ${report.published ? 'pictures' : 'checkpoint'} and the photos, so none of them can have been changed to suit the result. Whoever repeats the audit with the same files gets the same number and the same result.</p>
<div class="columns"><div><h3>Audit</h3>${facts([
    [capitalised(subjectOf(report).samples), whole(audit.samples)],
    [report.published ? 'Numbered' : 'Seeds', `${audit.seed} to ${audit.seed + Math.max(0, audit.samples - 1)}`],
    ['Photos per person', whole(report.photosPerIdentity)],
    ['Nearest faces kept', `${whole(audit.k)} per ${subjectOf(report).sample}`],
    ['Leakage if', leakageRule(report)],
    ['Relabellings', report.permutation === null ? 'none' : whole(report.permutation.draws)],
    [capitalised(subjectOf(report).fresh), report.discoveries.fresh === 0 ? 'none' : whole(report.discoveries.fresh)],
    ['Batch, shards', `${whole(audit.batch)}, ${whole(audit.shards)}`],
    ['Device', audit.device],
    ['Audit', html`<code>${audit.id}</code>`],
  ])}</div>
<div><h3>${report.published ? 'Pictures' : 'Generator'}</h3>${facts([
    ['File', html`<bdi>${generator.file}</bdi>`],
    ['MD5', html`<code>${generator.md5}</code>`],
    ['Format', generator.format],
    [
      'Picture',
      `${generator.width} × ${generator.height}, ${counted(generator.channels, 'channel', 'channels')}${generator.range === null ? ' (median size)' : `, values ${generator.range.map((value) => decimal(value, 0)).join(' to ')}`}`,
    ],
    ...(generator.latent === null ? [] : [['Latent', latent(generator.latent)] as const]),
    ['Alignment', alignment(generator.alignment)],
    ['Distance of the eyes', `${decimal(generator.alignment.eyeDistance, 1)} pixels`],
  ])}</div>
<div>${results.map(
    ({ recognizer }, index) =>
      html`<h3>${results.length === 1 ? 'Recognizer' : `Recognizer ${index + 1}`}</h3>${facts([
        ['Name', recognizer.name],
        ['Embedding', `${whole(recognizer.embedding)} numbers`],
        ['Licence', recognizer.licence],
      ])}`,
  )}<h3>Time</h3>${facts([
    ['Start to verdict', duration(timing.totalMs)],
    ['Generate', duration(timing.generateMs)],
    ['Align', duration(timing.alignMs)],
    ['Embed', duration(timing.embedMs)],
    ['Search', duration(timing.searchMs)],
  ])}</div></div>
${assumptions(generator.assumptions)}${galleries(report)}${reproduce(report)}</section>`;
}

/** The rule of the verdict, as it was set. */
function leakageRule({ controls, discoveries, results }: Report): string {
  if (controls === null) return 'never: there are no controls';
  const several = results.length > 1;
  const p = several ? 'p, adjusted for the recognizers,' : 'p';
  return `the difference is above zero with 95% confidence and ${p} is below 0.01; or a person named with q up to ${percent(discoveries.decisiveQ)} is confirmed on fresh samples${several ? '; q is divided by the number of recognizers that judge' : ''}`;
}

/** What was searched, in a sentence. */
function madeWords({ audit, published }: Report): string {
  const samples = counted(audit.samples, 'picture', 'pictures');
  return published
    ? `${samples} of the set were searched, as they are.`
    : `The generator made ${samples} from numbered seeds.`;
}

function latent({ size, distribution, low, high }: NonNullable<Report['generator']['latent']>): string {
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
  type Count = Exclude<keyof Report['members'], 'leftOut' | 'understood' | 'grouped'>;
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
  )}${understandings(members, controls)}${groupings(members, controls)}${controls === null ? html`<p class="small">No controls were given.</p>` : null}${
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

/** How photos without a label became people. */
function groupings(members: Report['members'], controls: Report['controls']): Markup | null {
  const rows = [['Members', members.grouped] as const, ['Controls', controls?.grouped] as const].flatMap(
    ([name, grouped]) =>
      grouped
        ? [
            [
              name,
              whole(grouped.photos),
              whole(grouped.people),
              whole(grouped.alone),
              whole(grouped.largest),
              whole(grouped.alike),
            ] as const,
          ]
        : [],
  );
  const threshold = members.grouped?.threshold ?? controls?.grouped?.threshold;
  return rows.length === 0 || threshold === undefined
    ? null
    : html`<p>Nothing said who is in these photos, so the recognizer grouped them: photos count as one person's from a similarity of ${decimal(threshold, 3)} on, which a tenth of a pair a photo exceeds among people of different sides. People who may be the same as another one of their side were left out, so that nobody is counted twice.</p>${table(
        [
          '',
          'Photos without a name',
          'People, as grouped by the recognizer',
          'Of one photo',
          'Most photos',
          'Left out',
        ],
        rows,
      )}`;
}

/** How the photos of each side were read, and what was passed over. */
function understandings(members: Report['members'], controls: Report['controls']): Markup | null {
  const rows = [['Members', members.understood] as const, ['Controls', controls?.understood] as const].flatMap(
    ([name, understood]) =>
      understood ? [[name, understoodLine(understood), passedLine(understood) ?? 'nothing'] as const] : [],
  );
  return rows.length === 0 ? null : table(['', 'How the data were read', 'Passed over'], rows, 'text');
}

function reproduce({ matches, audit, generator, published }: Report): Markup {
  const shown = matches.find(({ role, picture }) => role === 'members' && picture !== undefined)?.picture;
  if (published) {
    return html`<h3>See one finding again</h3>
<p>This shows a picture of the set beside the faces nearest to it; <code>OUT</code> is the folder of this report. <code>matches.csv</code> lists every picture above the threshold with the person it resembles.</p>
<pre><code>rewound show OUT --picture ${shown === undefined ? 'NAME' : `'${shown}'`}</code></pre>`;
  }
  const seed = (matches.find(({ role }) => role === 'members') ?? matches[0])?.seed ?? audit.seed;
  return html`<h3>See one finding again</h3>
<p>A seed always makes the same picture. This makes the picture of seed ${seed} once more and searches it again; <code>OUT</code> is the folder of this report.</p>
<pre><code>rewound show OUT --seed ${seed}</code></pre>${
    generator.latent?.distribution === 'normal'
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
