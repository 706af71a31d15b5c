/** Renders the people who are named. */
import { html, type Markup, type Part } from '../../../markup/escape.ts';
import { table } from '../../../markup/table.ts';
import { capitalised, counted, decimal, percent, rarePercent, smallP, whole } from '../../format.ts';
import type { Named, Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { freshWords } from '../../words.ts';
import { type Axis, intervalCell, intervalHead } from './charts/inline.ts';
import { labelled } from './labelled.ts';

/** Rows shown at once; the others unfold. */
const OPEN_ROWS = 12;
/** Of fewer, a plot says no more than their numbers. */
const LEAST_PLOTTED = 3;
/** More would make the page too large to open. report.json has all. */
const MOST_ROWS = 500;

/** Everybody who is named, one row each, with how often fresh samples show them. Nothing where nobody is. */
export function namedPeople(report: Report): Markup {
  const { identities, results } = report;
  if (identities.length === 0) return html``;
  const axis = rateAxis(identities);
  const head = [
    'Person',
    'Photos',
    'Similarity',
    'q',
    ...(axis === null
      ? [capitalised(subjectOf(report).fresh)]
      : [
          intervalHead(report.published ? 'How often the set shows them' : 'How often the generator makes them', axis),
          capitalised(subjectOf(report).fresh),
        ]),
    ...(results.length > 1 ? ['Recognizers'] : []),
  ];
  const rows = identities
    .slice(0, MOST_ROWS)
    .map((person): Part[] => [
      html`<bdi>${person.identity}</bdi>`,
      labelled('photos', whole(person.photos)),
      labelled('similarity', decimal(person.score)),
      html`${labelled('q', smallP(person.q))}${person.tier === 'parametric' ? html` <span class="tag">parametric</span>` : null}`,
      ...(axis === null ? [] : [person.fresh === null ? null : intervalCell(rateOf(person.fresh), 'members', axis)]),
      fresh(person, report),
      ...(results.length > 1 ? [labelled('recognizers', `${person.agree} of ${results.length}`)] : []),
    ]);
  const rest = rows.slice(OPEN_ROWS);
  return html`<section id="named" class="named"><h3>Who is named, and how surely</h3>
<p class="lede">${howNamed(report)}</p>
${table(head, rows.slice(0, OPEN_ROWS), 'text', 'compact')}${
  rest.length === 0
    ? null
    : html`<details class="more"><summary>${counted(rest.length, 'more person', 'more people')}</summary>${table(head, rest, 'text', 'compact')}</details>`
}${identities.length > MOST_ROWS ? html`<p class="small">The first ${whole(MOST_ROWS)} of ${whole(identities.length)}; report.json has all.</p>` : null}${
  identities.some(({ tier }) => tier === 'parametric') ? parametric(report) : null
}</section>`;
}

function howNamed({ discoveries, controls, published }: Report): string {
  const count = controls === null ? '' : ` of ${whole(controls.identities)} controls`;
  return (
    `Named is who is matched more closely than the scores${count} explain; q is the share of those named up to this row that chance would put there, at most ${percent(discoveries.q)}. ` +
    (discoveries.fresh === 0
      ? published
        ? 'The set is too small to set pictures apart, so how often it shows each person is not known.'
        : 'No fresh samples were made, so how often the generator makes each person is not known.'
      : `How often ${published ? 'the set shows' : 'the generator makes'} each person was counted in ${whole(discoveries.fresh)} ${subjectOf({ published }).fresh} that had no part in choosing whom to name; with 95% intervals.`)
  );
}

function parametric(report: Report): Markup {
  const { gumbel, decisiveQ } = report.discoveries;
  const fit =
    gumbel === null
      ? ''
      : ` Its distance from the controls is ${decimal(gumbel.ks)} (Kolmogorov-Smirnov, p = ${smallP(gumbel.p)}); a curve whose tail is thinner than theirs would have named nobody.`;
  return html`<p class="small"><span class="tag">parametric</span> There are too few controls to name this person by counting them; the tail of a curve fitted to their scores was used instead.${fit} Such a person counts for the verdict only with q up to ${percent(decisiveQ)}, and only if ${subjectOf(report).fresh} confirm it.</p>`;
}

function fresh(person: Named, report: Report): Markup {
  if (person.fresh === null) return html`not checked`;
  const { hits, samples } = person.fresh;
  const range = html` <span class="soft">${rarePercent(person.fresh.low)} to ${rarePercent(person.fresh.high)}</span>`;
  const count = hits === 0 ? `none of ${whole(samples)}` : `${whole(hits)} of ${whole(samples)}`;
  return html`<span title="${freshWords(person, report)}"><b>${count}</b></span>${range}${person.confirmed ? null : html` <span class="tag">not confirmed</span>`}`;
}

function rateOf({ rate, low, high }: NonNullable<Named['fresh']>) {
  return { estimate: rate, low, high };
}

/** A logarithmic axis over all rates; what is below it, zero among them, stands at its left end. */
function rateAxis(people: readonly Named[]): Axis | null {
  const rates = people.flatMap(({ fresh: one }) => (one === null ? [] : [one]));
  if (rates.length < LEAST_PLOTTED) return null;
  const seen = rates.filter(({ hits }) => hits > 0).map(({ rate }) => rate);
  const low = Math.log10(Math.min(...(seen.length > 0 ? seen : rates.map(({ high }) => high)))) - 0.5;
  const high = Math.min(0, Math.max(low + 1, Math.log10(Math.max(...rates.map((one) => one.high))) + 0.1));
  const first = Math.ceil(low);
  const decades = Array.from({ length: Math.floor(high) - first + 1 }, (_, index) => first + index);
  return {
    at: (value) => (value <= 0 ? 0 : (Math.log10(value) - low) / (high - low)),
    ticks: decades.map((power) => ({ value: 10 ** power, label: rarePercent(10 ** power) })),
  };
}
