/** Renders what each recognizer says, side by side. */
import { html, type Markup, type Part } from '../../../markup/escape.ts';
import { table } from '../../../markup/table.ts';
import { peopleRange, percent, points, pointsRange, smallP, whole } from '../../format.ts';
import type { Report } from '../../model.ts';
import { steps } from './charts/frame.ts';
import { type Axis, intervalCell, intervalHead } from './charts/inline.ts';

/** The same audit by each recognizer, side by side. Nothing where there was one. */
export function recognizers(report: Report): Markup {
  const { results } = report;
  if (results.length < 2) return html``;
  const axis = deltaAxis(report);
  const head = [
    'Recognizer',
    'Revealed',
    ...(axis === null ? [] : [intervalHead('Difference, points', axis)]),
    'Interval',
    'p, Holm-adjusted',
    'Leaked people',
    'Named',
  ];
  const rows = results.map(({ recognizer, rates, delta, pHolm, leakedFraction, named, confirmed }): Part[] => [
    recognizer.name,
    rates === null
      ? 'not compared'
      : html`${percent(rates.members.rate)} of members <span class="soft">${percent(rates.controls.rate)} of controls</span>`,
    ...(axis === null ? [] : [delta === null ? null : intervalCell(delta, 'delta', axis)]),
    delta === null ? null : html`${points(delta.estimate)} <span class="soft">${pointsRange(delta)}</span>`,
    pHolm === null ? rates !== null && 'does not judge' : html`<span class="narrow">p = </span>${smallP(pHolm)}`,
    leakedFraction === null
      ? null
      : html`${whole(leakedFraction.people.estimate)} <span class="soft">${peopleRange(leakedFraction.people)}</span><span class="narrow"> leaked</span>`,
    html`${whole(named)}${named === 0 ? null : html` <span class="soft">${whole(confirmed)} confirmed</span>`}<span class="narrow"> named</span>`,
  ]);
  return html`<h3>By recognizer</h3><p class="lede">Each recognizer searched the same samples for the same people. The figures elsewhere on this page are those of the first. Since each is another chance to find something, the p values are adjusted for their number.</p>${table(head, rows, 'text', 'stacked')}`;
}

function deltaAxis({ results }: Report): Axis | null {
  const deltas = results.flatMap(({ delta }) => (delta === null ? [] : [delta]));
  if (deltas.length === 0) return null;
  const low = Math.min(0, ...deltas.map((delta) => delta.low));
  const high = Math.max(0.02, ...deltas.map((delta) => delta.high));
  const values = steps(low, high, 4);
  return {
    at: (value) => (value - low) / (high - low),
    zero: 0,
    ticks: values.map((value) => ({ value, label: points(value) })),
  };
}
