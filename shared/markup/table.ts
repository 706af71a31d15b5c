/** Renders tables and lists of facts as HTML. */
import { html, type Markup, type Part } from './escape.ts';

/** A plain table. The first column names the row; the others are numbers unless `text` says otherwise. */
export function table(
  head: readonly Part[],
  rows: readonly (readonly Part[])[],
  kind: 'numbers' | 'text' = 'numbers',
  also = '',
): Markup {
  return html`<div class="scroll"><table class="${kind}${also === '' ? '' : ` ${also}`}"><thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

/** Facts, each with its name. */
export function facts(entries: readonly (readonly [string, Part])[]): Markup {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}
