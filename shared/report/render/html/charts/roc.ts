/** Draws the ROC curve. */
import { html, type Markup } from '../../../../markup/escape.ts';
import { table } from '../../../../markup/table.ts';
import { decimal, estimate, percent } from '../../../format.ts';
import type { Report } from '../../../model.ts';
import { frame, line, px, stretched } from './frame.ts';

const HEIGHT = 300;
const TICKS = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: percent(at) }));

/** Share of members against share of controls at every threshold; null without a comparison group. */
export function roc({ roc: curve, auc }: Report): Markup | null {
  if (curve.length < 2) return null;
  const points = curve.map(({ controls, members }) => [controls, members] as const);
  const area = [[0, 0], ...points, [1, 0]].map(([x, y]) => `${px(x! * 100)},${px((1 - y!) * 100)}`).join(' ');
  return frame(
    {
      id: 'roc',
      title: 'Members against controls at every threshold',
      description: `ROC curve. ${auc === null ? '' : `Area under the curve ${estimate(auc)}; 0.5 is chance, 1 is perfect separation.`}`,
      height: HEIGHT,
      across: { label: 'controls at or above a threshold →', ticks: TICKS },
      up: { label: 'members at or above it', ticks: TICKS },
    },
    html`${stretched(html`<polygon class="roc-area" points="${area}"/>`, HEIGHT)}<line class="chance" x1="0" y1="${HEIGHT}" x2="100%" y2="0"/><text class="tick" x="50%" y="${HEIGHT / 2}" dx="10" dy="18">chance</text>${line(points, 'line-members', HEIGHT)}${
      auc === null
        ? null
        : html`<text class="figure" x="97%" y="${HEIGHT - 40}" text-anchor="end">AUC ${decimal(auc.estimate, 2)}</text><text class="tick" x="97%" y="${HEIGHT - 20}" text-anchor="end">${decimal(auc.low, 2)} to ${decimal(auc.high, 2)}</text>`
    }`,
  );
}

/** The curve at round shares of controls, as numbers. */
export function rocTable({ roc: curve }: Report): Markup {
  const rows = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map((limit) => {
    // The largest share of members that costs at most this share of controls.
    const members = Math.max(0, ...curve.filter((point) => point.controls <= limit).map((point) => point.members));
    return [`at most ${percent(limit)}`, percent(members)];
  });
  return table(['Controls above', 'Members above'], rows);
}
