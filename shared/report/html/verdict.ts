import { percent, points, whole } from '../format.ts';
import type { Report } from '../model.ts';
import { verdictWords } from '../words.ts';
import { intervals } from './charts/intervals.ts';
import { people, peopleColumns, peopleKey } from './charts/people.ts';
import { html, type Markup } from './escape.ts';
import { leadPair } from './pairs.ts';
import type { Pictures } from './pictures.ts';

/** The first screen: the verdict as a sentence, the numbers behind it, and what both do and do not mean. */
export function verdict(report: Report, pictures: Pictures): Markup {
  const words = verdictWords(report);
  const lead = leadPair(report, pictures);
  return html`<header class="verdict ${report.verdict.toLowerCase()}${lead === null ? '' : ' with-lead'}"><div>
<h1>${words.headline}</h1>
<p class="qualifier">${words.qualifier}</p></div>${lead}</header>
${report.verdict === 'INVALID' ? why(report) : null}${report.rates === null ? scope(report) : keyNumbers(report, report.rates)}
<section class="meaning" aria-label="What this means"><div><h2>What it means</h2><ul>${words.means.map((text) => html`<li>${text}</li>`)}</ul></div>
<div><h2>What it does not mean</h2><ul>${words.doesNotMean.map((text) => html`<li>${text}</li>`)}</ul></div></section>
${report.verdict === 'INVALID' ? null : why(report)}`;
}

function why({ reasons, verdict: kind }: Report): Markup | null {
  if (reasons.length === 0) return null;
  return html`<section class="why" aria-label="Why"><h2>${kind === 'INVALID' ? 'Why not' : 'Why this verdict'}</h2><div>${reasons.map((reason) => html`<p>${reason}</p>`)}</div></section>`;
}

function keyNumbers(report: Report, rates: NonNullable<Report['rates']>): Markup {
  const { members, controls } = rates;
  const { delta } = report;
  const columns = peopleColumns(members.identities, controls.identities);
  const unsound = report.verdict === 'INVALID';
  return html`<section class="numbers${unsound ? ' unsound' : ''}" aria-label="Key numbers">${
    unsound ? html`<p class="warning">Measured, but not to be relied on: a condition failed.</p>` : null
  }
<div class="number members"><p class="big">${percent(members.rate)}</p><p>of <b>members</b>, the people it was trained on, are revealed: ${whole(members.hits)} of ${whole(members.identities)}</p>${people('members', members.hits, members.identities, columns)}<p class="small">${peopleKey(members.identities)}</p></div>
<div class="number controls"><p class="big">${percent(controls.rate)}</p><p>of <b>controls</b>, people it never saw, are matched as closely: ${whole(controls.hits)} of ${whole(controls.identities)}</p>${people('controls', controls.hits, controls.identities, columns)}<p class="small">${peopleKey(controls.identities)}</p></div>
<div class="number delta">${
    delta === null
      ? null
      : html`<p class="big">${points(delta.estimate)} <small>points</small></p><p><b>difference</b>; with 95% confidence between ${points(delta.low)} and ${points(delta.high)} points</p>`
  }${intervals(rates, delta)}</div></section>`;
}

/** What can be said without a test: how much was searched, and how close it came. */
function scope(report: Report): Markup {
  const closest = report.matches.find(({ role }) => role === 'members');
  return html`<section class="numbers plain" aria-label="Key numbers">
<div class="number"><p class="big">${whole(report.audit.samples)}</p><p>generated faces were searched</p></div>
<div class="number"><p class="big">${whole(report.members.identities)}</p><p>people, ${whole(report.photosPerIdentity)} ${report.photosPerIdentity === 1 ? 'photo' : 'photos'} each, were searched for</p></div>
<div class="number"><p class="big">${closest === undefined ? 'none' : closest.similarity.toFixed(3)}</p><p>is the closest similarity to any of them; how close chance comes is not known</p></div></section>`;
}
