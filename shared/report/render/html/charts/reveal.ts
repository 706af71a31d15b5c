/** Draws the share of people that the first samples reveal. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { table } from '../../../../markup/table.ts';
import { percent, whole } from '../../../format.ts';
import type { Report } from '../../../model.ts';
import { frame, line, mark, steps } from './frame.ts';

const HEIGHT = 270;

/** Share of either side revealed by the first samples, on a logarithmic axis; null where nothing was counted. */
export function reveal({ revealCurve }: Report): Markup | null {
  const curve = revealCurve.filter(({ samples }) => samples > 0);
  const [first, last] = [curve[0], curve.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const [from, to] = [Math.log10(first.samples), Math.log10(last.samples)];
  const across = (samples: number) => (Math.log10(samples) - from) / (to - from);
  const top = Math.min(1, Math.max(0.02, ...curve.flatMap(({ members, controls }) => [members, controls ?? 0])) * 1.12);
  const members = curve.map((point) => [across(point.samples), point.members / top] as const);
  const controls = curve.flatMap((point) =>
    point.controls === null ? [] : [[across(point.samples), point.controls / top] as const],
  );
  return frame(
    {
      id: 'reveal',
      title: 'People revealed as samples grow',
      description: `After ${whole(last.samples)} samples ${percent(last.members)} of the members${last.controls === null ? '' : ` and ${percent(last.controls)} of the controls`} are revealed.`,
      height: HEIGHT,
      across: { label: 'samples, each step ten times as many →', ticks: decades(from, to, across) },
      up: {
        label: 'revealed, of each side',
        ticks: steps(0, top, 5).map((value) => ({ at: value / top, label: percent(value) })),
      },
    },
    html`${line(controls, 'line-controls', HEIGHT)}${line(members, 'line-members', HEIGHT)}
${sparse(controls).map(([x, y]) => mark('controls', x, (1 - y) * HEIGHT, 4))}${sparse(members).map(([x, y]) => mark('members', x, (1 - y) * HEIGHT, 4))}
${ends(last, top)}`,
  );
}

/** Powers of ten in the range; the ends themselves where fewer than two lie inside. */
function decades(from: number, to: number, across: (samples: number) => number) {
  const powers = Array.from({ length: 12 }, (_, power) => power).filter(
    (power) => power >= from - 1e-9 && power <= to + 1e-9,
  );
  const values = powers.length >= 2 ? powers.map((power) => 10 ** power) : [10 ** from, 10 ** to];
  return values.map((value) => ({ at: across(value), label: whole(value) }));
}

/** At most about a dozen marks: more would hide the line. */
function sparse<T>(points: readonly T[]): T[] {
  const every = Math.max(1, Math.ceil(points.length / 12));
  return points.filter((_, index) => (points.length - 1 - index) % every === 0);
}

/** The last values, written at the end of their lines and kept apart. */
function ends({ members, controls }: { members: number; controls: number | null }, top: number): Markup {
  const upper = (1 - members / top) * HEIGHT;
  if (controls === null) return endLabel('members', upper, members);
  const lower = (1 - controls / top) * HEIGHT;
  const middle = (upper + lower) / 2;
  const gap = Math.max(8, Math.abs(lower - upper) / 2);
  const sign = members >= controls ? 1 : -1;
  return html`${endLabel('members', middle - sign * gap, members)}${endLabel('controls', middle + sign * gap, controls)}`;
}

function endLabel(side: 'members' | 'controls', y: number, value: number): Markup {
  return html`<text class="end-${side}" x="100%" dx="9" y="${y.toFixed(1)}" dy=".34em">${percent(value)}</text>`;
}

/** The curve as numbers. */
export function revealTable({ revealCurve }: Report): Markup {
  return table(
    ['Samples', 'Members', 'Controls'],
    revealCurve.map(({ samples, members, controls }) => [
      whole(samples),
      percent(members),
      controls === null ? 'none' : percent(controls),
    ]),
  );
}
