/** Draws numbers over the snapshots of a training. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { isNumbered, type Trend, type TrendPoint } from '../../../compare/trend.ts';
import { decimal, points, whole } from '../../../format.ts';
import type { Interval } from '../../../model.ts';
import { frame, line, pc, px, steps, stretched, type Tick } from './frame.ts';

const HEIGHT = 260;
const MARK = 5;
/** A place for each mark and its neighbours' whiskers. */
const MARGIN = 0.05;

/** One number of every snapshot, drawn over the training. */
export interface Series {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (point: TrendPoint) => Interval | null;
  readonly write: (value: number) => string;
  /** The value of "no effect". */
  readonly zero: number;
  /** The axis reaches at least so far. */
  readonly least: readonly [number, number];
}

export const DELTA: Series = {
  id: 'trend-delta',
  title: 'Difference between members and controls',
  unit: 'points by which members are revealed more often',
  of: ({ delta }) => delta,
  write: points,
  zero: 0,
  least: [0, 0.02],
};

export const AUC: Series = {
  id: 'trend-auc',
  title: 'AUC',
  unit: 'AUC',
  of: ({ auc }) => auc,
  write: (value) => decimal(value, 2),
  zero: 0.5,
  least: [0.45, 0.6],
};

export const NAMED: Series = {
  id: 'trend-named',
  title: 'People named',
  unit: 'people named',
  of: ({ named }) => (named === null ? null : { estimate: named, low: named, high: named }),
  write: whole,
  zero: 0,
  least: [0, 4],
};

/**
 * Points with whiskers for their 95% intervals. Filled is leakage, open none detected. A line joins neighbours that can be
 * compared; where an audit makes no claim there is a gap with a cross, and no line leads over it.
 */
export function trendChart(trend: Trend, series: Series): Markup {
  const { of, write, zero } = series;
  const values = trend.points.map(of);
  const ends = values.flatMap((value) => (value === null ? [] : [value.low, value.high]));
  const [least, most] = [Math.min(series.least[0], ...ends), Math.max(series.least[1], ...ends)];
  const pad = (most - least) * 0.05;
  const low = least < series.least[0] ? least - pad : least;
  const high = most + pad;
  const up = (value: number) => (value - low) / (high - low);
  const place = placing(trend);
  return frame(
    {
      id: series.id,
      title: `${series.title} over the snapshots`,
      description: trend.points.map((point, i) => described(point, values[i] ?? null, series)).join(' '),
      height: HEIGHT,
      across: {
        label: isNumbered(trend) ? 'snapshot →' : 'snapshots in the order given →',
        ticks: ticks(trend, place),
      },
      up: { label: series.unit, ticks: steps(low, high, 7).map((value) => ({ at: up(value), label: write(value) })) },
    },
    html`${trend.points.map((point, i) => (point.gap === null ? null : gap(point, place(i), width(trend))))}
${zero < low ? null : stretched(html`<line class="chance" x1="0" x2="100" y1="${px((1 - up(zero)) * 100)}" y2="${px((1 - up(zero)) * 100)}" vector-effect="non-scaling-stroke"/>`, HEIGHT)}
${runs(trend, values).map((run) =>
  line(
    run.map(([i, value]) => [place(i), up(value.estimate)] as const),
    'line-trend',
    HEIGHT,
  ),
)}
${trend.points.map((point, i) => {
  const value = values[i];
  return value ? mark(point, place(i), up, value, write) : null;
})}`,
  );
}

/** The key of the marks, of those that occur. */
export function trendKey({ points: all }: Trend): Markup {
  const icon = (shape: Markup) =>
    html`<svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">${shape}</svg>`;
  const entries: [boolean, Markup, string][] = [
    [all.some(({ verdict }) => verdict === 'LEAKAGE'), square('filled'), 'leakage'],
    [all.some(({ verdict }) => verdict === 'NOT_DETECTED'), square('open'), 'not detected, which is not “safe”'],
    [all.some(({ gap: reason }) => reason !== null), cross(), 'no claim possible'],
    [
      all.some(({ unlike }) => unlike.length > 0),
      html`<line class="whisker unlike" y1="-7" y2="7"/>`,
      'made otherwise (*)',
    ],
  ];
  return html`<p class="key">${entries.map(([occurs, shape, text]) => (occurs ? html`<span>${icon(shape)}${text}</span>` : null))}</p>`;
}

function described({ label, gap: reason }: TrendPoint, value: Interval | null, { write }: Series): string {
  if (value === null) return `${label}: ${reason ?? 'none'}`;
  return value.low === value.high
    ? `${label}: ${write(value.estimate)}.`
    : `${label}: ${write(value.estimate)}, interval ${write(value.low)} to ${write(value.high)}.`;
}

function mark(
  { label, verdict, unlike }: TrendPoint,
  at: number,
  up: (value: number) => number,
  value: Interval,
  write: Series['write'],
) {
  const y = (one: number) => px((1 - up(one)) * HEIGHT);
  const kind = unlike.length > 0 ? 'whisker unlike' : 'whisker';
  return html`<g><title>${label}: ${write(value.estimate)}</title><line class="${kind}" x1="${pc(at)}" x2="${pc(at)}" y1="${y(value.low)}" y2="${y(value.high)}"/><svg x="${pc(at)}" y="${y(value.estimate)}" overflow="visible">${square(verdict === 'LEAKAGE' ? 'filled' : 'open')}</svg></g>`;
}

function square(kind: 'filled' | 'open'): Markup {
  return html`<rect class="mark-${kind}" x="${-MARK}" y="${-MARK}" width="${2 * MARK}" height="${2 * MARK}"/>`;
}

function cross(): Markup {
  return html`<path class="cross" d="M-5-5L5 5M5-5L-5 5"/>`;
}

function gap({ label, gap: reason }: TrendPoint, at: number, wide: number): Markup {
  return html`<g class="gap"><title>${label}: ${reason}</title><rect x="${pc(at - wide / 2)}" width="${pc(wide)}" y="0" height="${HEIGHT}"/><svg x="${pc(at)}" y="${HEIGHT / 2}" overflow="visible">${cross()}</svg></g>`;
}

/** From the place of a point in the list to its place across. */
function placing(trend: Trend): (i: number) => number {
  const numbers = trend.points.map(({ number }, i) => (isNumbered(trend) ? number! : i));
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (first === last) return () => 0.5;
  return (i) => MARGIN + ((numbers[i]! - first) / (last - first)) * (1 - 2 * MARGIN);
}

/** Wide enough to be seen, and never over a neighbour. */
function width(trend: Trend): number {
  const place = placing(trend);
  const steps = trend.points.slice(1).map((_, i) => place(i + 1) - place(i));
  return Math.min(2 * MARGIN, ...steps.map((step) => step * 0.8));
}

/** At numbers, round ones; otherwise the places of the snapshots, which the table lists. As many as a telephone holds. */
function ticks(trend: Trend, place: (i: number) => number): Tick[] {
  const count = trend.points.length;
  if (!isNumbered(trend)) {
    const every = Math.ceil(count / 8);
    return trend.points.flatMap((_, i) => (i % every === 0 ? [{ at: place(i), label: String(i + 1) }] : []));
  }
  const numbers = trend.points.map(({ number }) => number!);
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (first === last) return [{ at: 0.5, label: whole(first) }];
  const wanted = whole(last).length > 6 ? 3 : 5;
  const at = (value: number) => MARGIN + ((value - first) / (last - first)) * (1 - 2 * MARGIN);
  return steps(first, last, wanted).map((value) => ({ at: at(value), label: whole(value) }));
}

/** Neighbours that can be compared, as runs of two and more. */
function runs({ points: all }: Trend, values: readonly (Interval | null)[]): [number, Interval][][] {
  const found: [number, Interval][][] = [[]];
  all.forEach(({ unlike }, i) => {
    const value = values[i];
    const before = all[i - 1];
    if (!value || (before && before.unlike.join() !== unlike.join())) found.push([]);
    if (value) found.at(-1)!.push([i, value]);
  });
  return found.filter((run) => run.length > 1);
}
