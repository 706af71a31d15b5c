/** Draws the key numbers with their intervals on one axis. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { percent, percentRange, points, pointsRange } from '../../../format.ts';
import type { Report } from '../../../model.ts';
import { mark, pc, steps } from './frame.ts';

const ROW = 46;

type Side = 'members' | 'controls' | 'delta';

/** The three key numbers on one axis: the rate of either side and their difference, each with its 95% interval. */
export function intervals(rates: NonNullable<Report['rates']>, delta: Report['delta']): Markup {
  const { members, controls } = rates;
  const rows: { side: Side; name: string; value: number; low: number; high: number; text: string }[] = [
    { side: 'members', name: 'Members', value: members.rate, ...bounds(members), text: percentRange(members) },
    { side: 'controls', name: 'Controls', value: controls.rate, ...bounds(controls), text: percentRange(controls) },
  ];
  if (delta !== null) {
    rows.push({ side: 'delta', name: 'Difference', value: delta.estimate, ...bounds(delta), text: pointsRange(delta) });
  }
  const low = Math.min(0, ...rows.map((row) => row.low));
  const high = Math.max(0.02, ...rows.map((row) => row.high));
  const at = (value: number) => (value - low) / (high - low);
  const height = rows.length * ROW;
  return html`<svg class="chart intervals" height="${height + 26}" role="img" aria-labelledby="intervals-t intervals-d"><title id="intervals-t">The key numbers with their 95% intervals</title><desc id="intervals-d">${rows
    .map(
      ({ side, name, value, text }) =>
        `${name}: ${side === 'delta' ? `${points(value)} points` : percent(value)}, interval ${text}.`,
    )
    .join(' ')}</desc>
${steps(low, high, 5).map((value) => html`<line class="${value === 0 ? 'axis' : 'grid'}" x1="${pc(at(value))}" x2="${pc(at(value))}" y1="0" y2="${height + 4}"/><text class="tick" x="${pc(at(value))}" y="${height + 20}" text-anchor="${anchor(at(value))}">${percent(value)}</text>`)}
${rows.map(({ side, name, value, low: from, high: to, text }, index) => {
  const y = index * ROW + 32;
  return html`<text class="row-name" x="0" dx="${low === 0 ? 7 : 0}" y="${y - 14}">${name} <tspan class="soft">${text}</tspan></text>
<line class="bar-${side}" x1="${pc(at(from))}" x2="${pc(at(to))}" y1="${y}" y2="${y}"/>${mark(side, at(value), y, 6)}`;
})}
</svg>`;
}

function bounds({ low, high }: { low: number; high: number }): { low: number; high: number } {
  return { low, high };
}

/** Labels at the ends stay inside. */
function anchor(at: number): string {
  if (at < 0.03) return 'start';
  return at > 0.97 ? 'end' : 'middle';
}
