/** Labels numbers of a table for narrow screens. */
import { html, type Markup } from '../../../markup/escape.ts';

/** A number whose column's name is hidden on a telephone. */
export function labelled(name: string, value: string): Markup {
  return html`<span class="narrow">${name} </span>${value}`;
}
