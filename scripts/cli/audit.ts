/** `rewound audit`: makes an audit and shows its result. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import { printable } from '../../shared/printable.ts';
import { compareReports } from '../../shared/report/compare/compare.ts';
import { renderComparison } from '../../shared/report/compare/comparison.ts';
import { renderComparisonText } from '../../shared/report/compare/comparison-words.ts';
import { parseReport } from '../../shared/report/json.ts';
import { renderText } from '../../shared/report/text.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { auditHere } from './audit-local.ts';
import { AUDIT_OPTIONS, AUDIT_TAKES } from './audit-options.ts';
import { auditRemotely } from './audit-remote.ts';
import { type AuditRequest, auditRequest } from './audit-request.ts';
import { comparingKey } from './baseline.ts';
import { command } from './command.ts';
import { type Ended, MATCHES_FILE, REPORT_FILES } from './ended.ts';
import { EXIT, exitCode, printError, whyInconclusive } from './exit.ts';
import { named, putFile } from './files.ts';
import { interruptible } from './interrupt.ts';
import { quietProgress, terminalProgress } from './progress.ts';

export const audit = command({
  name: 'audit',
  summary:
    'Audits a checkpoint or a set of pictures: says which of the people it was trained on it gives away, and how sure that is.',
  takes: AUDIT_TAKES,
  options: AUDIT_OPTIONS,
  run: async (values, args) => makeAudit(await auditRequest(values, args)),
});

async function makeAudit(request: AuditRequest): Promise<number> {
  const progress = request.quiet ? quietProgress : terminalProgress(stderr);
  let words = 'Stopped.';
  const ifStopped = (text: string) => {
    words = text;
  };
  try {
    const code = await interruptible(async (signal) => {
      const watch = { progress, signal, ifStopped };
      const ended = await (request.remote ? auditRemotely(request, request.remote, watch) : auditHere(request, watch));
      progress.end();
      try {
        return await present(request, ended);
      } finally {
        await ended.close();
      }
    });
    if (code === undefined) progress.note(words);
    return code ?? EXIT.interrupted;
  } finally {
    progress.end();
  }
}

/** Puts the report into its folder and the result on stdout. */
async function present(
  { out, json, failOn, baseline, requirePower }: AuditRequest,
  { failure, file, onReport }: Ended,
): Promise<number> {
  if (failure) {
    printError(failure.error);
    return failure.exit;
  }
  ensureFolder(out);
  for (const name of REPORT_FILES) await putFile(join(out, name), await file(name));
  await onReport?.();
  const text = new TextDecoder().decode(await file('report.json'));
  const report = parseReport(text);
  const comparison = baseline && compareReports(baseline, report, comparingKey());
  await putOrRemove(join(out, 'comparison.json'), comparison && renderComparison(comparison));
  await putOrRemove(join(out, MATCHES_FILE), report.published && (await file(MATCHES_FILE)));
  if (json) stdout.json(text);
  else {
    const colour = stdout.isTerminal && !process.env.NO_COLOR;
    stdout.page(`${renderText(report, { colour })}\n`, { colour });
    if (comparison) stdout.page(`${renderComparisonText(comparison)}\n`);
    stdout.page(`\nReport: ${printable(join(out, 'report.html'))}\n`);
  }
  const inconclusive = whyInconclusive(report, requirePower);
  if (inconclusive === undefined) return exitCode(report.verdict, failOn, comparison);
  stderr.line(inconclusive);
  return EXIT.noClaim;
}

/** One that an earlier run left beside this report would be mistaken for its own. */
function putOrRemove(path: string, content: string | Uint8Array | undefined): Promise<void> {
  return content === undefined ? named(path, 'written', () => rm(path, { force: true })) : putFile(path, content);
}
