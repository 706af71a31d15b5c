import { decimal, whole } from '../format.ts';
import type { Match, Report } from '../model.ts';
import { diamond, pc } from './charts/frame.ts';
import { html, type Markup } from './escape.ts';
import { type Pictures, photoPicture, samplePicture } from './pictures.ts';

const MEMBER_PAIRS = 24;
const CONTROL_PAIRS = 8;
/** Shown at once; the others unfold. */
const OPEN_PAIRS = 12;

/** A scale that all pairs share, so that their marks can be compared by eye. */
interface Scale {
  readonly low: number;
  readonly high: number;
  readonly threshold: number | null;
}

/** The evidence: what was generated beside whom it matches, and what chance alone looks like. */
export function pairs(report: Report, pictures: Pictures): Markup {
  const members = side(report, 'members').slice(0, MEMBER_PAIRS);
  const controls = side(report, 'controls').slice(0, CONTROL_PAIRS);
  if (members.length === 0 && controls.length === 0) return html``;
  const scale = shared([...members, ...controls], report.threshold?.value ?? null);
  const cards = (matches: readonly Match[]) =>
    html`<ol class="pairs">${matches.map((match) => pair(match, pictures, scale))}</ol>`;
  const hidden = members.slice(OPEN_PAIRS);
  const body = html`${members.length === 0 ? null : cards(members.slice(0, OPEN_PAIRS))}${
    hidden.length === 0
      ? null
      : html`<details class="more"><summary>${whole(hidden.length)} more people, less close</summary>${cards(hidden)}</details>`
  }${controls.length === 0 ? null : chance(controls, cards(controls), report)}`;
  return html`<section id="pairs"><h2>${title(report, members)}</h2>
<p class="lede">${intro(report)}</p>
${report.verdict === 'INVALID' ? html`<details class="more"><summary>Show the pairs, for finding the cause only</summary>${body}</details>` : body}</section>`;
}

/** The pair on the first screen: the closest training person revealed, where leakage was found. */
export function leadPair(report: Report, pictures: Pictures): Markup | null {
  const match = side(report, 'members').find(({ revealed }) => revealed);
  if (report.verdict !== 'LEAKAGE' || match === undefined) return null;
  return html`<figure class="lead"><div class="two">${samplePicture(match, pictures)}${photoPicture(match, pictures)}</div>
<figcaption><span><b>Generated</b> from seed ${match.seed}</span><span><b>Training photo</b> of <bdi>${match.identity}</bdi></span></figcaption></figure>`;
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

function title({ verdict }: Report, members: readonly Match[]): string {
  if (verdict === 'LEAKAGE' && members.some(({ revealed }) => revealed)) return 'The people it gives away';
  return verdict === 'INVALID' ? 'The closest pairs, not a finding' : 'The closest pairs';
}

function intro({ verdict, threshold, generator }: Report): Markup {
  const small = Math.max(generator.width, generator.height) <= 128;
  return html`Left, a face the generator made. Right, the ${verdict === 'LEAKAGE' ? 'training photo' : 'photo'} it matches best. One pair for each person, closest first. ${
    threshold === null
      ? 'There is no threshold, so none of them counts as revealed.'
      : html`The mark under a pair is its similarity on a scale all pairs share; the upright line is the threshold, ${decimal(threshold.value)}.`
  }${small ? html` Generated faces are ${generator.width} × ${generator.height} pixels, enlarged smoothly.` : null}`;
}

function chance(controls: readonly Match[], cards: Markup, { threshold }: Report): Markup {
  const above = controls.filter(({ revealed }) => revealed).length;
  return html`<section class="chance-row"><h3>What chance looks like</h3>
<p>The same search among people the generator never saw. These ${whole(controls.length)} pairs are the closest it found${
    threshold === null
      ? null
      : `, and ${above === 0 ? 'none of them is' : above === 1 ? 'one of them is' : `${whole(above)} of them are`} above the threshold`
  }. A pair above is only remarkable where it is closer than these.</p>${cards}</section>`;
}

function pair(match: Match, pictures: Pictures, scale: Scale): Markup {
  const state = scale.threshold === null ? null : match.revealed ? 'above threshold' : 'below threshold';
  return html`<li class="pair ${match.role}${match.revealed ? ' revealed' : ''}"><div class="two">${samplePicture(match, pictures)}${photoPicture(match, pictures)}</div>
${ruler(match, scale)}<p class="who"><bdi>${match.identity}</bdi> <b>${decimal(match.similarity)}</b></p>
<p class="seed"><span>seed ${match.seed}</span>${state === null ? null : html` <span class="state">${state}</span>`}</p></li>
`;
}

/** The similarity as a mark on the shared scale: filled beyond the threshold, open before it. */
function ruler({ role, similarity, revealed }: Match, { low, high, threshold }: Scale): Markup {
  const at = (value: number) => pc((value - low) / (high - low));
  const shape = role === 'members' ? html`<circle r="4.5"/>` : html`<path d="${diamond(5.5)}"/>`;
  return html`<svg class="ruler" height="16" aria-hidden="true"><line class="grid" x1="0" x2="100%" y1="8" y2="8"/>${
    threshold === null ? null : html`<line class="limit" x1="${at(threshold)}" x2="${at(threshold)}" y1="1" y2="15"/>`
  }<svg class="${revealed ? 'on' : 'off'}" x="${at(similarity)}" y="8" overflow="visible">${shape}</svg></svg>`;
}
