/** Renders the first screen: the verdict and the numbers behind it. */
import { html, type Markup } from '../../../markup/escape.ts';
import { decidingPeople, decidingResult } from '../../findings.ts';
import { percent, points, pointsRange, rarePercent, whole } from '../../format.ts';
import type { Named, Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { verdictWords } from '../../words.ts';
import { intervals } from './charts/intervals.ts';
import { people, peopleColumns, peopleKey } from './charts/people.ts';
import { gatesLine } from './gates.ts';
import { leadPair } from './pairs.ts';
import type { Pictures } from './pictures.ts';

/** The first screen: the verdict as a sentence, the numbers behind it, and what both do and do not mean. */
export function verdict(report: Report, pictures: Pictures): Markup {
  const words = verdictWords(report);
  const lead = leadPair(report, pictures);
  return html`<header class="verdict ${report.verdict.toLowerCase()}${lead === null ? '' : ' with-lead'}"><div>
<h1>${words.headline}</h1>
<p class="qualifier">${words.qualifier}</p></div>${lead}</header>
${report.verdict === 'INVALID' ? why(report) : null}${key(report)}
<section class="meaning" aria-label="What this means">${[
    list('What it means', words.means),
    list('What it does not mean', words.doesNotMean),
    list('What it would have caught', words.caught),
  ]}</section>
${report.verdict === 'INVALID' ? null : why(report)}`;
}

function list(title: string, texts: readonly string[]): Markup | null {
  if (texts.length === 0) return null;
  return html`<div><h2>${title}</h2><ul>${texts.map((text) => html`<li>${text}</li>`)}</ul></div>`;
}

function why(report: Report): Markup | null {
  const { reasons, verdict: kind } = report;
  const line = gatesLine(report);
  if (reasons.length === 0 && line === null) return null;
  return html`<section class="why" aria-label="Why"><h2>${kind === 'INVALID' ? 'Why not' : 'Why this verdict'}</h2><div>${reasons.map((reason) => html`<p>${reason}</p>`)}${line}</div></section>`;
}

/** The three numbers that carry the verdict. */
function key(report: Report): Markup {
  if (report.rates === null) return scope(report);
  const [person] = decidingPeople(report);
  const alone = report.verdict === 'LEAKAGE' && decidingResult(report) === null;
  return alone && person?.fresh
    ? personNumbers(report, report.rates, person, person.fresh)
    : keyNumbers(report, report.rates);
}

/** Where single people decide: how often the first of them comes up, and that the groups as such do not differ. */
function personNumbers(
  report: Report,
  rates: NonNullable<Report['rates']>,
  { identity, photos }: Named,
  fresh: NonNullable<Named['fresh']>,
): Markup {
  const { delta, identities, members } = report;
  const columns = peopleColumns(fresh.samples, members.identities);
  return html`<section class="numbers" aria-label="Key numbers">
<div class="number members"><p class="big">${rarePercent(fresh.rate)}</p><p>of ${subjectOf(report).fresh} show <b><bdi>${identity}</bdi></b>, of whom there are ${whole(photos)} photos: ${whole(fresh.hits)} of ${whole(fresh.samples)}, with 95% confidence ${rarePercent(fresh.low)} to ${rarePercent(fresh.high)}</p>${people('members', fresh.hits, fresh.samples, columns)}<p class="small">each mark is 1% of the ${subjectOf(report).fresh}</p></div>
<div class="number members"><p class="big">${whole(identities.length)}</p><p>of ${whole(members.identities)} <b>members</b>, the people ${subjectOf(report).trained}, ${identities.length === 1 ? 'is' : 'are'} named</p>${people('members', identities.length, members.identities, columns)}<p class="small">${peopleKey(members.identities)}</p></div>
<div class="number delta">${
    delta === null
      ? null
      : html`<p class="big">${points(delta.estimate)} <small>points</small></p><p>is the <b>difference</b> of the groups as a whole (${pointsRange(delta)}), which chance explains</p>`
  }${intervals(rates, delta)}</div></section>`;
}

function keyNumbers(report: Report, rates: NonNullable<Report['rates']>): Markup {
  const { members, controls } = rates;
  const { delta } = report;
  const columns = peopleColumns(members.identities, controls.identities);
  const unsound = report.verdict === 'INVALID';
  return html`<section class="numbers${unsound ? ' unsound' : ''}" aria-label="Key numbers">${
    unsound ? html`<p class="warning">Measured, but not to be relied on: a condition failed.</p>` : null
  }
<div class="number members"><p class="big">${percent(members.rate)}</p><p>of <b>members</b>, the people ${subjectOf(report).trained}, are revealed: ${whole(members.hits)} of ${whole(members.identities)}</p>${people('members', members.hits, members.identities, columns)}<p class="small">${peopleKey(members.identities)}</p></div>
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
<div class="number"><p class="big">${whole(report.audit.samples)}</p><p>${report.published ? 'pictures of the set were searched' : 'generated faces were searched'}</p></div>
<div class="number"><p class="big">${whole(report.members.identities)}</p><p>people, ${whole(report.photosPerIdentity)} ${report.photosPerIdentity === 1 ? 'photo' : 'photos'} each, were searched for</p></div>
<div class="number"><p class="big">${closest === undefined ? 'none' : closest.similarity.toFixed(3)}</p><p>is the closest similarity to any of them; how close chance comes is not known</p></div></section>`;
}
