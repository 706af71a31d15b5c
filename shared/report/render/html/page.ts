/** Renders the page of a report around its sections. */
import { html, type Markup, type Part } from '../../../markup/escape.ts';
import { sheet } from '../../../markup/sheet.ts';
import { whole } from '../../format.ts';
import type { Report } from '../../model.ts';
import { subjectOf } from '../../subject.ts';
import { STYLES } from './styles.ts';

export function page(report: Report, title: string, body: Part): Markup {
  const { generator, audit } = report;
  return sheet({
    styles: STYLES,
    title: `${title} ${generator.file}`,
    masthead: html`<span>audit of <bdi>${generator.file}</bdi></span><span>${whole(report.published?.drawn ?? audit.samples)} ${subjectOf(report).samples}, ${generator.width} × ${generator.height}</span>`,
    body,
    footer: html`<p>Report <code>${audit.id}</code>, made by Rewound from <code>report.json</code> beside it. The method follows Webster, Rabin, Simon and Jurie, <cite>This Person (Probably) Exists</cite>, 2021.</p>`,
  });
}
