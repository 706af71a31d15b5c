/** Renders contact sheets: pages of small pictures that need nothing else, no network and no script. */
import { html, type Markup, trusted } from '../../shared/markup/escape.ts';
import { sheet } from '../../shared/markup/sheet.ts';
import { STYLES } from '../../shared/markup/styles.ts';

export interface SheetRow {
  readonly title: string;
  /** Encoded pictures; null where one cannot be read. */
  readonly pictures: readonly (Uint8Array | null)[];
  readonly type?: 'image/jpeg' | 'image/png';
}

const GRID = `
.sheet { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }
.sheet img, .sheet span { width: 6rem; height: 6rem; object-fit: contain; background: #8882; display: inline-block }
.sheet p { margin: 0 0 .25rem }
`;

export function contactSheet(title: string, lines: readonly string[], rows: readonly SheetRow[]): string {
  const picture = (bytes: Uint8Array | null, type = 'image/jpeg'): Markup =>
    bytes === null
      ? html`<span title="cannot be read"></span>`
      : html`<img alt="" src="${trusted(`data:${type};base64,${Buffer.from(bytes).toString('base64')}`)}">`;
  return sheet({
    title,
    masthead: html`<span>${title}</span>`,
    body: html`<h1>${title}</h1>${lines.map((line) => html`<p>${line.trim()}</p>`)}<ul class="sheet">${rows.map(
      (row) =>
        html`<li>${row.title === '' ? null : html`<p>${row.title}</p>`}${row.pictures.map((bytes) => picture(bytes, row.type))}</li>`,
    )}</ul>`,
    footer: html`<p>Made by Rewound. Handle this page as you handle photos of people.</p>`,
    styles: [STYLES, GRID].join('\n'),
  }).toString();
}
