/** Renders the charts of a report. */
import { html, type Markup } from '../../../markup/escape.ts';
import { decimal, estimate, percent, whole } from '../../format.ts';
import type { Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { key } from './charts/frame.ts';
import { histogram, histogramTable } from './charts/histogram.ts';
import { reveal, revealTable } from './charts/reveal.ts';
import { roc, rocTable } from './charts/roc.ts';

/** The three pictures of the numbers, each with how to read it and the same as a table. */
export function charts(report: Report): Markup {
  const sides = key('members, trained on', report.controls === null ? null : 'controls, never seen');
  const drawn = [
    figure(
      'How close it comes to each person',
      sides,
      histogram(report),
      readHistogram(report),
      histogramTable(report),
    ),
    figure('Can the two groups be told apart?', null, roc(report), readRoc(report), rocTable(report)),
    figure('More samples, more people', sides, reveal(report), readReveal(report), revealTable(report)),
  ];
  const missing =
    report.controls === null
      ? html`<p>Two charts are not drawn: the separation of the groups and the count of revealed people need a comparison group.</p>`
      : null;
  if (drawn.every((part) => part === null)) return html``;
  return html`<section id="charts"><h2>${report.verdict === 'INVALID' ? 'What was measured, for finding the cause' : 'The whole picture'}</h2>${drawn}${missing}</section>`;
}

function figure(
  title: string,
  sides: Markup | null,
  chart: Markup | null,
  text: Markup,
  numbers: Markup,
): Markup | null {
  if (chart === null) return null;
  return html`<figure class="chart-row"><div>${sides}${chart}</div><figcaption><h3>${title}</h3><p>${text}</p><details><summary>The same as a table</summary>${numbers}</details></figcaption></figure>`;
}

function readHistogram({ controls, threshold }: Report): Markup {
  if (controls === null) {
    return html`For each person, the similarity of the closest face among all samples. Further right is closer. Without controls there is nothing to compare this shape with.`;
  }
  return html`For each person, the similarity of the closest face among all samples; further right is closer. If the generator had learned nothing about anybody in particular, the two shapes would coincide. A leak pushes the solid one to the right of the hatched one${
    threshold === null
      ? '.'
      : html`, and whoever stands beyond the line at ${decimal(threshold.value)} counts as revealed.`
  }`;
}

function readRoc({ auc, published }: Report): Markup {
  return html`Slide the threshold from strict (lower left) to lax (upper right) and count who is above it on either side. On the dashed diagonal both are found alike. The further the curve bends to the upper left, the better the ${subjectOf({ published }).samples} tell who was trained on.${
    auc === null
      ? null
      : html` The area under it, ${estimate(auc, 2)}, is the chance that a random member is matched more closely than a random control; 0.5 is a coin toss.`
  }`;
}

function readReveal({ revealCurve, published }: Report): Markup {
  const last = revealCurve.at(-1);
  const still =
    last === undefined
      ? null
      : html` After ${whole(last.samples)} ${subjectOf({ published }).samples} it is ${percent(last.members)} of the members${last.controls === null ? null : html` and ${percent(last.controls)} of the controls`}.`;
  return html`The share of people revealed by the first ${subjectOf({ published }).samples} alone. A line that still climbs at the right edge says that more ${subjectOf({ published }).samples} would reveal more people; one that is flat says that those who can be found have been.${still}`;
}
