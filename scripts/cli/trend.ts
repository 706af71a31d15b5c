import { dirname } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import { renderTrendJson, trendOf } from '../../shared/report/compare/trend.ts';
import { labelsOf } from '../../shared/report/compare/trend-labels.ts';
import { renderTrendText } from '../../shared/report/compare/trend-words.ts';
import { renderTrendHtml } from '../../shared/report/render/html/trend.ts';
import { stdout } from '../../shared/terminal.ts';
import { readBaseline } from './baseline.ts';
import { putFile } from './files.ts';
import { parse, usage, userPath } from './options.ts';

export const TREND_HELP = `rewound trend REPORT... [--out trend.html] [--json]

  shows privacy over the snapshots of a training, from their report.json (or baselines) in the order given: a
  table, and with --out a page with charts; where the paths differ by one number that rises, snapshots stand by it`;

export async function trendCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse({
    args: [...args],
    allowPositionals: true,
    options: { out: { type: 'string' }, json: { type: 'boolean' } },
  });
  if (positionals.length === 0) throw usage('The reports are missing.');
  const audits = [];
  for (const path of positionals) audits.push(await readBaseline(path));
  const trend = trendOf(audits, labelsOf(positionals));
  if (values.out !== undefined) {
    const out = userPath(values.out);
    ensureFolder(dirname(out));
    await putFile(out, renderTrendHtml(trend));
  }
  if (values.json) stdout.json(renderTrendJson(trend));
  else stdout.page(renderTrendText(trend));
  return 0;
}
