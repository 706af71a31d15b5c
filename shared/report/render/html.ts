/** Renders report.html. */
import { html } from '../../markup/escape.ts';
import type { Report } from '../model.ts';
import { verdictWords } from '../words.ts';
import { charts } from './html/charts.ts';
import { limits, method } from './html/method.ts';
import { numbers } from './html/numbers.ts';
import { page } from './html/page.ts';
import { pairs } from './html/pairs.ts';
import type { Pictures } from './html/pictures.ts';
import { publishedPictures } from './html/published.ts';
import { verdict } from './html/verdict.ts';

export { shownMatches } from './html/pairs.ts';
export { type Pictures, photoKey } from './html/pictures.ts';

/**
 * `report.html`: the whole report as one file that needs nothing else, no network and no script. The verdict first,
 * then the evidence, the charts, the numbers, the method and the limits.
 *
 *     await writeFile('report.html', renderHtml(report, { samples, photos }));
 */
export function renderHtml(report: Report, pictures: Pictures): string {
  const body = html`${verdict(report, pictures)}
${pairs(report, pictures)}
${publishedPictures(report)}
${charts(report)}
${numbers(report)}
${method(report)}
${limits(report)}`;
  return page(report, verdictWords(report).headline, body).toString();
}
