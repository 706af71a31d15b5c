/** Says in words what a trend shows. */
import { printable } from '../../printable.ts';
import { counted, decimal, points, pointsRange, rarePercent, whole } from '../format.ts';
import type { Interval } from '../model.ts';
import { wrap } from '../text.ts';
import type { Trend, TrendPoint } from './trend.ts';

/** The cells of a trend's table, for the page and the terminal alike. */
export const TREND_HEAD = ['snapshot', 'verdict', 'difference', 'AUC', 'named', 'most frequent'] as const;

export function trendCells(point: TrendPoint): string[] {
  const { verdict, delta, auc, named, confirmed, emission, unlike } = point;
  return [
    `${point.label}${unlike.length > 0 ? ' *' : ''}`,
    verdict,
    delta === null ? 'none' : `${points(delta.estimate)} (${pointsRange(delta)})`,
    auc === null ? 'none' : range(auc, (value) => decimal(value, 2)),
    named === null || confirmed === null
      ? 'none'
      : named === 0
        ? '0'
        : `${whole(named)}, ${whole(confirmed)} confirmed`,
    emission === null ? 'none' : range(emission, rarePercent),
  ];
}

/** What must be known beside the numbers: why there are none, and which are not alike. */
export function trendNotes({ points: all }: Trend): string[] {
  return all.flatMap(({ label, gap, unlike }) => [
    ...(gap === null ? [] : [`${label}: ${gap}`]),
    ...(unlike.length === 0 ? [] : [`* ${label} cannot be compared with the first: ${unlike.join('; ')}.`]),
  ]);
}

/** The trend in a sentence, and the one that must not be separated from it. */
export function trendSentence({ points: all }: Trend): readonly [headline: string, qualifier: string] {
  const leaking = all.filter(({ verdict }) => verdict === 'LEAKAGE').length;
  const open = all.filter(({ gap }) => gap !== null).length;
  const snapshots = counted(all.length, 'snapshot', 'snapshots');
  const headline =
    leaking === 0
      ? `In none of ${snapshots} leakage was detected.`
      : `${whole(leaking)} of ${snapshots} ${leaking === 1 ? 'gives away people it was' : 'give away people they were'} trained on.`;
  const none = open === 0 ? '' : ` For ${whole(open)} of them no claim is possible.`;
  return [
    headline,
    `A snapshot in which none was detected is not thereby safe.${none} Where the intervals of two overlap, the difference between them can be chance.`,
  ];
}

export function renderTrendText(trend: Trend): string {
  const rows = [[...TREND_HEAD], ...trend.points.map(trendCells)].map((row) => row.map(printable));
  const widths = TREND_HEAD.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
  return `${[...table, '', ...wrap(SMALL), ...trendNotes(trend).flatMap((note) => wrap(note))].join('\n')}\n`;
}

const SMALL =
  'Difference: members revealed minus controls revealed, in points. Most frequent: how often the named person whom it shows most comes up. In brackets: 95% intervals.';

function range({ estimate, low, high }: Interval, write: (value: number) => string): string {
  return `${write(estimate)} (${write(low)} to ${write(high)})`;
}
