/** Shows the results of benchmarks as lines for a terminal. */
import { meetsTarget, type Row, type Skipped } from './benchmark.ts';

/** The results as lines for a terminal: ratio, target, and what was compared. */
export function renderTable(results: readonly (Row | Skipped)[]): string {
  const lines = results.map((result) => {
    if ('skipped' in result) return [result.name, '-', '', '', `skipped: ${result.skipped}`];
    const { name, ratio, target, what } = result;
    const wanted = 'most' in target ? `<= ${target.most}` : `>= ${target.least}`;
    return [name, ratio.toFixed(3), wanted, meetsTarget(result) ? 'met' : 'missed', what];
  });
  const table = [['benchmark', 'ratio', 'target', '', 'what'], ...lines];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  return table
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
