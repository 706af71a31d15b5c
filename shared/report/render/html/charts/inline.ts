/** Draws an estimate with its interval in the cell of a table. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { mark, pc } from './frame.ts';

/** A place on the axis that the cells of a column share; `at` runs from 0 (left) to 1 (right). */
export interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** The value of "no effect", drawn through every cell. */
  readonly zero?: number;
}

const HEIGHT = 20;

/** An estimate with its interval as a cell of a table, so that a column of them is a forest plot. */
export function intervalCell(
  { estimate, low, high }: { readonly estimate: number; readonly low: number; readonly high: number },
  side: 'members' | 'controls' | 'delta',
  axis: Axis,
): Markup {
  const at = (value: number) => Math.min(1, Math.max(0, axis.at(value)));
  const middle = HEIGHT / 2;
  return html`<svg class="cell" height="${HEIGHT}" aria-hidden="true">${axis.ticks.map(({ value }) => html`<line class="${value === axis.zero ? 'axis' : 'grid'}" x1="${pc(at(value))}" x2="${pc(at(value))}" y1="-7" y2="${HEIGHT + 7}"/>`)}<line class="bar-${side}" x1="${pc(at(low))}" x2="${pc(at(high))}" y1="${middle}" y2="${middle}"/>${mark(side, at(estimate), middle, 4.5)}</svg>`;
}

/** The head of such a column: what it holds, and its axis. */
export function intervalHead(name: string, { at, ticks }: Axis): Markup {
  return html`${name}<svg class="cell axis-head" height="16" aria-hidden="true">${ticks.map(({ value, label }) => {
    const x = at(value);
    return html`<text class="tick" x="${pc(x)}" y="13" text-anchor="${x < 0.1 ? 'start' : x > 0.9 ? 'end' : 'middle'}">${label}</text>`;
  })}</svg>`;
}
