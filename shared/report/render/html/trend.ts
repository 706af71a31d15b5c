/** Renders trend.html. */
import { html, type Markup } from '../../../markup/escape.ts';
import { sheet } from '../../../markup/sheet.ts';
import { table } from '../../../markup/table.ts';
import { isNumbered, type Trend } from '../../compare/trend.ts';
import { TREND_HEAD, trendCells, trendNotes, trendSentence } from '../../compare/trend-words.ts';
import { AUC, DELTA, NAMED, type Series, trendChart, trendKey } from './charts/trend.ts';
import { TREND } from './styles/trend.ts';
import { STYLES } from './styles.ts';

/** `trend.html`: privacy over the snapshots of a training, as one file that needs nothing else. Nobody is named. */
export function renderTrendHtml(trend: Trend): string {
  const [headline, qualifier] = trendSentence(trend);
  const body = html`<section class="verdict"><h1>${headline}</h1><p class="qualifier">${qualifier}</p></section>
<section id="charts"><h2>Over the training</h2>
${figure(trend, DELTA, 'Are members found more often?', 'Members revealed minus controls revealed, in points, with 95% intervals. Zero is what a generator shows that has learned nothing about anybody in particular.')}
${figure(trend, AUC, 'Can the two groups be told apart?', 'The chance that a random member is matched more closely than a random control, with 95% intervals; 0.5 is a coin toss.')}
${figure(trend, NAMED, 'Who is found?', 'Members named one by one. Of the people named in an audit, on average at most one in ten is there by chance.')}
</section>
<section id="numbers"><h2>The numbers</h2>${numbers(trend)}${notes(trend)}</section>`;
  const masthead = html`<span>${trend.points.length} audits</span><span>recognizer <bdi>${trend.recognizer}</bdi></span>`;
  const footer = html`<p>Made by Rewound from the reports of these audits, which hold all else.</p>`;
  return sheet({ title: headline, masthead, body, footer, styles: [STYLES, TREND].join('\n') }).toString();
}

function figure(trend: Trend, series: Series, title: string, text: string): Markup {
  return html`<figure class="chart-row"><div>${trendKey(trend)}${trendChart(trend, series)}</div><figcaption><h3>${title}</h3><p>${text}</p></figcaption></figure>`;
}

/** A telephone shows no head, so each cell says there what it is. */
function numbers(trend: Trend): Markup {
  const [, ...names] = TREND_HEAD;
  const ordinal = isNumbered(trend) ? [] : ['#'];
  return table(
    [...ordinal, ...TREND_HEAD.map((name) => name.replace(/^[a-z]/, (letter) => letter.toUpperCase()))],
    trend.points.map((point, i) => {
      const [label, ...cells] = trendCells(point);
      const told = cells.map((cell, column) => html`<span class="narrow soft">${names[column]} </span>${cell}`);
      return [...ordinal.map(() => String(i + 1)), html`<bdi>${label}</bdi>`, ...told];
    }),
    'text',
  );
}

function notes(trend: Trend): Markup | null {
  const all = trendNotes(trend);
  return all.length === 0 ? null : html`<ul class="notes">${all.map((note) => html`<li>${note}</li>`)}</ul>`;
}
