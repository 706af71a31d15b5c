/** Draws the axes and the grid of a chart. */
import { html, type Markup, type Part } from '../../../../markup/escape.ts';

/**
 * A chart is an SVG as wide as its place and fixed in height. Across, everything stands in percent, so text and marks
 * keep their size at any width; lines are drawn in a stretched inner picture whose strokes do not stretch.
 */

/** A place on an axis: `at` runs from 0 (left, bottom) to 1 (right, top). */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Frame {
  /** Unique on the page: the names of the title and description hang on it. */
  readonly id: string;
  readonly title: string;
  /** What the chart shows, for those who cannot see it. */
  readonly description: string;
  readonly height: number;
  readonly across: { readonly label: string; readonly ticks: readonly Tick[] };
  readonly up: { readonly label: string; readonly ticks: readonly Tick[] };
}

/** The axes, the grid and the names of a chart, around what `body` draws. */
export function frame(chart: Frame, body: Part): Markup {
  const { id, height, across, up } = chart;
  return html`<div class="plot"><p class="plot-up" aria-hidden="true">${up.label}</p>
<svg class="chart" height="${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${chart.title}</title><desc id="${id}-d">${chart.description}</desc>
${up.ticks.map(({ at, label }) => {
  const y = px((1 - at) * height);
  return html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="tick" x="-8" y="${y}" dy=".32em" text-anchor="end">${label}</text>`;
})}
${across.ticks.map(({ at, label }) => html`<line class="axis" x1="${pc(at)}" x2="${pc(at)}" y1="${height}" y2="${height + 5}"/><text class="tick" x="${pc(at)}" y="${height + 20}" text-anchor="middle">${label}</text>`)}
${body}
<line class="axis" x1="0" x2="100%" y1="${height}" y2="${height}"/>
</svg><p class="plot-across" aria-hidden="true">${across.label}</p></div>`;
}

/** A line through points (0..1 across, 0..1 up), drawn with the class's stroke. */
export function line(points: readonly (readonly [number, number])[], className: string, height: number): Markup {
  const path = points.map(([x, y]) => `${px(x * 100)},${px((1 - y) * 100)}`).join(' ');
  return stretched(html`<polyline class="${className}" points="${path}" vector-effect="non-scaling-stroke"/>`, height);
}

/** Shapes in a picture of 100 x 100 that fills the plot, whatever its width. */
export function stretched(shapes: Part, height: number): Markup {
  return html`<svg width="100%" height="${height}" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">${shapes}</svg>`;
}

/** The mark of a side: members are filled circles, controls open diamonds, so that colour is never alone. */
export function mark(side: 'members' | 'controls' | 'delta', at: number, y: number, size = 5): Markup {
  const shape =
    side === 'members'
      ? html`<circle class="mark-members" r="${size}"/>`
      : side === 'controls'
        ? html`<path class="mark-controls" d="${diamond(size + 1)}"/>`
        : html`<rect class="mark-delta" x="${-size}" y="${-size}" width="${2 * size}" height="${2 * size}"/>`;
  return html`<svg x="${pc(at)}" y="${px(y)}" overflow="visible">${shape}</svg>`;
}

export function diamond(size: number): string {
  return `M0-${size}L${size} 0L0 ${size}L-${size} 0Z`;
}

/** A key to the two sides, by shape, pattern and colour. */
export function key(members: string, controls: string | null): Markup {
  return html`<p class="key"><span><svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><circle class="mark-members" r="5"/></svg>${members}</span>${
    controls === null
      ? null
      : html`<span><svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><path class="mark-controls" d="${diamond(6)}"/></svg>${controls}</span>`
  }</p>`;
}

/** Round steps that cover `low..high`: about `wanted` of them, each 1, 2, 2.5 or 5 times a power of ten. */
export function steps(low: number, high: number, wanted: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => span / (factor * power) <= wanted) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** A position across, as the percentage SVG understands. */
export function pc(at: number): string {
  return `${px(at * 100)}%`;
}

/** Two decimals are finer than any screen. */
export function px(value: number): number {
  return Number(value.toFixed(2)) + 0;
}
