/** `rewound trend`: compares the audits of the snapshots of a training. */
import { dirname } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import { renderTrendJson, trendOf } from '../../shared/report/compare/trend.ts';
import { labelsOf } from '../../shared/report/compare/trend-labels.ts';
import { renderTrendText } from '../../shared/report/compare/trend-words.ts';
import { renderTrendHtml } from '../../shared/report/render/html/trend.ts';
import { stdout } from '../../shared/terminal.ts';
import { readBaseline } from './baseline.ts';
import { command } from './command.ts';
import { putFile } from './files.ts';
import { flag, optional } from './option.ts';
import { asPath, userPath } from './paths.ts';

export const trend = command({
  name: 'trend',
  summary: 'Shows privacy over the snapshots of a training, from their reports or baselines in the order given.',
  takes: ['REPORT...'],
  details:
    'Prints a table, and with --out a page with charts. Where the paths differ by one number that rises, snapshots are named by it.',
  options: {
    out: optional('FILE', 'a page with charts, such as trend.html', asPath),
    json: flag('the same as JSON'),
  },
  async run({ out, json }, paths) {
    const audits = [];
    for (const path of paths) audits.push(await readBaseline(userPath(path)));
    const trend = trendOf(audits, labelsOf(paths));
    if (out !== undefined) {
      ensureFolder(dirname(out));
      await putFile(out, renderTrendHtml(trend));
    }
    if (json) stdout.json(renderTrendJson(trend));
    else stdout.page(renderTrendText(trend));
    return 0;
  },
});
