/** Renders generated faces beside the people they match. */
import { html, type Markup } from '../../../markup/escape.ts';
import { counted, decimal, rarePercent, smallP, whole } from '../../format.ts';
import type { Match, Named, Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { freshWords } from '../../words.ts';
import { diamond, pc } from './charts/frame.ts';
import { namedPeople } from './named.ts';
import { type Pictures, photoPicture, samplePicture } from './pictures.ts';

const MEMBER_PAIRS = 24;
const CONTROL_PAIRS = 8;
/** Shown at once; the others unfold. */
const OPEN_PAIRS = 12;
/** Of those who are not named, where somebody is. */
const OPEN_OTHERS = 4;

/** A scale that all pairs share, so that their marks can be compared by eye. */
interface Scale {
  readonly low: number;
  readonly high: number;
  readonly threshold: number | null;
}

/** The matches whose pictures the page shows: those named first, then the closest. */
export function shownMatches(report: Report): Match[] {
  const { named, others, controls } = chosen(report);
  return [...named.map(([match]) => match), ...others, ...controls];
}

function chosen(report: Report) {
  const members = side(report, 'members');
  const byIdentity = new Map(members.map((match) => [match.identity, match]));
  const named = report.identities
    .flatMap((person) => {
      const match = byIdentity.get(person.identity);
      return match === undefined ? [] : [[match, person] as const];
    })
    .slice(0, MEMBER_PAIRS);
  const isNamed = new Set(report.identities.map(({ identity }) => identity));
  const others = members.filter(({ identity }) => !isNamed.has(identity)).slice(0, MEMBER_PAIRS - named.length);
  return { named, others, controls: side(report, 'controls').slice(0, CONTROL_PAIRS) };
}

/** The evidence: what was generated beside whom it matches, who is named, and what chance alone looks like. */
export function pairs(report: Report, pictures: Pictures): Markup {
  const { named, others, controls } = chosen(report);
  const all = shownMatches(report);
  if (all.length === 0 && report.identities.length === 0) return html``;
  const scale = shared(all, report.threshold?.value ?? null);
  const cards = (matches: readonly (readonly [Match, Named | null])[]) =>
    html`<ol class="pairs">${matches.map(([match, person]) => pair(match, person, report, pictures, scale))}</ol>`;
  const plain = (matches: readonly Match[]) => matches.map((match) => [match, null] as const);
  const openOthers = named.length === 0 ? OPEN_PAIRS : OPEN_OTHERS;
  const body = html`${folded(named, OPEN_PAIRS, 'named', cards)}${namedPeople(report)}${
    others.length === 0 || named.length === 0
      ? null
      : html`<h3>The closest of the others</h3><p class="lede">Close, but not closer than chance explains.</p>`
  }${folded(plain(others), openOthers, 'less close', cards)}${controls.length === 0 ? null : chance(controls, cards(plain(controls)), report)}`;
  return html`<section id="pairs"><h2>${title(report)}</h2>
<p class="lede">${intro(report)}</p>
${report.verdict === 'INVALID' ? html`<details class="more"><summary>Show the pairs, for finding the cause only</summary>${body}</details>` : body}</section>`;
}

/** The first pairs, and the others to unfold. */
function folded(
  matches: readonly (readonly [Match, Named | null])[],
  open: number,
  what: string,
  cards: (matches: readonly (readonly [Match, Named | null])[]) => Markup,
): Markup | null {
  if (matches.length === 0) return null;
  const rest = matches.slice(open);
  return html`${cards(matches.slice(0, open))}${
    rest.length === 0
      ? null
      : html`<details class="more"><summary>${counted(rest.length, 'more person', 'more people')}, ${what}</summary>${cards(rest)}</details>`
  }`;
}

/** The pair on the first screen, where leakage was found: the surest person named, else the closest one revealed. */
export function leadPair(report: Report, pictures: Pictures): Markup | null {
  const { named } = chosen(report);
  const surest = named.find(([, { confirmed }]) => confirmed) ?? named[0];
  const match = surest?.[0] ?? side(report, 'members').find(({ revealed }) => revealed);
  if (report.verdict !== 'LEAKAGE' || match === undefined) return null;
  return html`<figure class="lead"><div class="two">${samplePicture(match, pictures)}${photoPicture(match, pictures)}</div>
<figcaption><span>${sourceWords(match)}</span><span><b>Training photo</b> of <bdi>${match.identity}</bdi></span></figcaption></figure>`;
}

/** Where a face comes from: a seed, or a picture of a set. */
function sourceWords({ seed, picture }: Match): Markup {
  return picture === undefined
    ? html`<b>Generated</b> from seed ${seed}`
    : html`<b>Published</b> as <bdi>${picture}</bdi>`;
}

function side(report: Report, role: Match['role']): Match[] {
  return report.matches.filter((match) => match.role === role).sort((a, b) => a.rank - b.rank);
}

function shared(matches: readonly Match[], threshold: number | null): Scale {
  const values = matches.map(({ similarity }) => similarity).concat(threshold ?? []);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = Math.max(0.01, (high - low) * 0.06);
  return { low: low - pad, high: high + pad, threshold };
}

function title({ verdict, matches, identities }: Report): string {
  const revealed = matches.some((match) => match.role === 'members' && match.revealed);
  if (verdict === 'LEAKAGE' && identities.length === 1) return 'The person it gives away';
  if (verdict === 'LEAKAGE' && (revealed || identities.length > 0)) return 'The people it gives away';
  return verdict === 'INVALID' ? 'The closest pairs, not a finding' : 'The closest pairs';
}

function intro({ verdict, threshold, generator, published }: Report): Markup {
  const small = Math.max(generator.width, generator.height) <= 128;
  return html`Left, ${published ? 'a picture of the set' : 'a face the generator made'}. Right, the ${verdict === 'LEAKAGE' ? 'training photo' : 'photo'} it matches best. One pair for each person. ${
    threshold === null
      ? 'There is no threshold, so none of them counts as revealed.'
      : html`The mark under a pair is its similarity on a scale all pairs share; the upright line is the threshold, ${decimal(threshold.value)}.`
  }${small ? html` ${published ? 'The pictures' : 'Generated faces'} are ${generator.width} × ${generator.height} pixels, enlarged smoothly.` : null}`;
}

function chance(controls: readonly Match[], cards: Markup, report: Report): Markup {
  const { threshold } = report;
  const above = controls.filter(({ revealed }) => revealed).length;
  return html`<section class="chance-row"><h3>What chance looks like</h3>
<p>The same search among people ${subjectOf(report).the} never saw. These ${whole(controls.length)} pairs are the closest it found${
    threshold === null
      ? null
      : `, and ${above === 0 ? 'none of them is' : above === 1 ? 'one of them is' : `${whole(above)} of them are`} above the threshold`
  }. A pair above is only remarkable where it is closer than these.</p>${cards}</section>`;
}

function pair(match: Match, person: Named | null, report: Report, pictures: Pictures, scale: Scale): Markup {
  const state = scale.threshold === null ? null : match.revealed ? 'above threshold' : 'below threshold';
  return html`<li class="pair ${match.role}${match.revealed ? ' revealed' : ''}"><div class="two">${samplePicture(match, pictures)}${photoPicture(match, pictures)}</div>
${ruler(match, scale)}<p class="who"><bdi>${match.identity}</bdi> <b>${decimal(match.similarity)}</b></p>
<p class="seed"><span>${match.picture === undefined ? `seed ${match.seed}` : html`<bdi>${match.picture}</bdi>`}</span>${state === null ? null : html` <span class="state">${state}</span>`}</p>${person === null ? null : certainty(person, report)}</li>
`;
}

/** Why a person is named, in two short lines. */
function certainty(person: Named, report: Report): Markup {
  const { results } = report;
  const { fresh, q, tier, agree } = person;
  const agreed = results.length > 1 ? html` <span>${agree} of ${results.length} recognizers</span>` : null;
  return html`<p class="seen">${
    fresh === null
      ? freshWords(person, report)
      : html`<b>${freshWords(person, report)}</b>${fresh.hits === 0 ? null : html` (${rarePercent(fresh.low)} to ${rarePercent(fresh.high)})`}${person.confirmed ? null : html` <span class="tag">not confirmed</span>`}`
  }</p><p class="seed"><span>q = ${smallP(q)}${tier === 'parametric' ? html` <span class="tag">parametric</span>` : null}</span>${agreed}</p>`;
}

/** The similarity as a mark on the shared scale: filled beyond the threshold, open before it. */
function ruler({ role, similarity, revealed }: Match, { low, high, threshold }: Scale): Markup {
  const at = (value: number) => pc((value - low) / (high - low));
  const shape = role === 'members' ? html`<circle r="4.5"/>` : html`<path d="${diamond(5.5)}"/>`;
  return html`<svg class="ruler" height="16" aria-hidden="true"><line class="grid" x1="0" x2="100%" y1="8" y2="8"/>${
    threshold === null ? null : html`<line class="limit" x1="${at(threshold)}" x2="${at(threshold)}" y1="1" y2="15"/>`
  }<svg class="${revealed ? 'on' : 'off'}" x="${at(similarity)}" y="8" overflow="visible">${shape}</svg></svg>`;
}
