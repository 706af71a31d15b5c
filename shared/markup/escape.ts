/** Text that is HTML already. Only {@link html} and {@link trusted} make it, so everything else is escaped. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup is kept, nothing is left out. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

/**
 * The one way the report makes HTML: everything put into the template is escaped unless it came from `html` itself.
 *
 *     html`<b>${'<script>'}</b>`.toString() // <b>&lt;script&gt;</b>
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  for (const [index, part] of parts.entries()) text += write(part) + (strings[index + 1] ?? '');
  return new Markup(text);
}

/** Marks text as HTML. For our own constants only: never for anything that came from a file, a name or a message. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/**
 * Escapes text for element content and for quoted attributes.
 * @internal
 */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, '\uFFFD')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters, and those that turn the direction of text: either could make a name look like another. */
const INVISIBLE = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

function write(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.toString();
  if (typeof part === 'string') return escapeText(part);
  if (typeof part === 'number') return escapeText(String(part));
  return part.map(write).join('');
}
