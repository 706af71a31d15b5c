/** Draws the best similarity of each identity as a histogram. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { table } from '../../../../markup/table.ts';
import { decimal, percent, whole } from '../../../format.ts';
import type { Report } from '../../../model.ts';
import { frame, pc, px, steps } from './frame.ts';

const HEIGHT = 270;

interface Bin {
  readonly low: number;
  readonly high: number;
  readonly members: number;
  readonly controls: number;
}

/** Bins as shares of each side: the sides may differ in size, and counts would then compare nothing. */
function bins({ edges, members, controls }: Report['histogram']): Bin[] {
  const share = (counts: readonly number[], index: number) => {
    const total = counts.reduce((sum, value) => sum + value, 0);
    return total === 0 ? 0 : (counts[index] ?? 0) / total;
  };
  const all = edges.slice(0, -1).map((low, index) => ({
    low,
    high: edges[index + 1] ?? low,
    members: share(members, index),
    controls: share(controls, index),
  }));
  const used = (bin: Bin) => bin.members > 0 || bin.controls > 0;
  const first = Math.max(0, all.findIndex(used) - 1);
  return all.slice(first, all.findLastIndex(used) + 2);
}

/** Best similarity of each identity, members filled over controls hatched, with the threshold; null where empty. */
export function histogram(report: Report): Markup | null {
  const shown = bins(report.histogram);
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined || !shown.some((bin) => bin.members > 0 || bin.controls > 0))
    return null;
  const top = Math.max(...shown.flatMap((bin) => [bin.members, bin.controls])) * 1.08;
  const at = (similarity: number) => (similarity - first.low) / (last.high - first.low);
  const bars = (side: 'members' | 'controls') =>
    shown.map((bin) => {
      const height = (bin[side] / top) * HEIGHT;
      if (height === 0) return null;
      return html`<rect class="hist-${side}" x="${pc(at(bin.low))}" y="${px(HEIGHT - height)}" width="${pc(at(bin.high) - at(bin.low))}" height="${px(height)}"/>`;
    });
  return frame(
    {
      id: 'histogram',
      title: 'How close the best generated face comes to each person',
      description: describe(report, shown),
      height: HEIGHT,
      across: {
        label: 'best similarity to each person →',
        ticks: steps(first.low, last.high, 6).map((value) => ({
          at: at(value),
          label: String(value).replace('-', '\u2212'),
        })),
      },
      up: {
        label: 'share of each side',
        ticks: steps(0, top, 4).map((value) => ({ at: value / top, label: percent(value) })),
      },
    },
    html`<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/><line class="hatch" x1="0" x2="0" y1="0" y2="6"/></pattern></defs>
${bars('members')}${bars('controls')}${report.threshold === null ? null : threshold(report.threshold.value, at(report.threshold.value))}`,
  );
}

function threshold(value: number, at: number): Markup | null {
  if (at < 0 || at > 1) return null;
  // Written towards the middle, so that it stays inside on a telephone.
  const left = at > 0.5;
  return html`<line class="threshold" x1="${pc(at)}" x2="${pc(at)}" y1="-6" y2="${HEIGHT}"/><text class="note" x="${pc(at)}" dx="${left ? -7 : 7}" y="4" text-anchor="${left ? 'end' : 'start'}">${left ? `revealed beyond ${decimal(value)} →` : `→ revealed beyond ${decimal(value)}`}</text>`;
}

function describe({ threshold: limit }: Report, shown: readonly Bin[]): string {
  const peak = (side: 'members' | 'controls') =>
    shown.reduce((best, bin) => (bin[side] > best[side] ? bin : best), shown[0]!);
  const where = (bin: Bin) => `${decimal(bin.low, 2)} to ${decimal(bin.high, 2)}`;
  const controls = shown.some((bin) => bin.controls > 0) ? ` Controls peak at ${where(peak('controls'))}.` : '';
  const line = limit === null ? '' : ` The threshold is at ${decimal(limit.value)}.`;
  return `Histogram of best similarities. Members peak at ${where(peak('members'))}.${controls}${line} The table holds every bin.`;
}

/** The histogram as numbers. */
export function histogramTable({ histogram: { edges, members, controls } }: Report): Markup {
  return table(
    ['Similarity', 'Members', 'Controls'],
    edges.slice(0, -1).flatMap((low, index) => {
      const counts = [members[index] ?? 0, controls[index] ?? 0];
      if (counts.every((value) => value === 0)) return [];
      return [[`${decimal(low)} to ${decimal(edges[index + 1] ?? low)}`, ...counts.map(whole)]];
    }),
  );
}
