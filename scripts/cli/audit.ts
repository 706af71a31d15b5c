import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder } from '../../shared/folders.ts';
import { printable } from '../../shared/printable.ts';
import { compareReports } from '../../shared/report/compare/compare.ts';
import { type Comparison, renderComparison } from '../../shared/report/compare/comparison.ts';
import { renderComparisonText } from '../../shared/report/compare/comparison-words.ts';
import { parseReport } from '../../shared/report/json.ts';
import { renderText } from '../../shared/report/text.ts';
import { stderr, stdout } from '../../shared/terminal.ts';
import { auditHere } from './audit-local.ts';
import { auditRemotely } from './audit-remote.ts';
import { type AuditRequest, parseAudit } from './audit-request.ts';
import { comparingKey } from './baseline.ts';
import { type Ended, REPORT_FILES } from './ended.ts';
import { EXIT, exitCode, printError } from './exit.ts';
import { named, putFile } from './files.ts';
import { interruptible } from './interrupt.ts';
import { quietProgress, terminalProgress } from './progress.ts';

export const AUDIT_HELP = `rewound audit CHECKPOINT --members DIR [--controls DIR] [options]

  --members DIR        photos of the people the generator was trained on: one folder a person,
                       or a flat folder with one person a photo; or embeddings.npy with labels.csv
  --controls DIR       people from the same collection who were not trained on (20 or more);
                       without them resemblance is reported, but no claim of leakage is possible
  --samples N          samples to generate (50000)      --quick      10000 samples
  --seed N             seed of the first sample (0)     --k N        neighbours kept a sample (10)
  --batch N            samples generated at once (64)   --shards N   pieces of the work
  --latent LAW         normal, or uniform:low:high      --device D   cpu, webgpu or cuda (cpu)
  --recognizer CARD    JSON card of your own recognizer (docs/cards.md), or built-in; given several
                       times, each judges, and the report says how many agree
  --placebo DIR        people neither trained on nor controls: put in the generator's place, they must
                       show nothing
  --fresh N            new samples on which named people are confirmed (a fifth, 2000 to 10000)
  --out DIR            where the report goes (rewound-report)
  --work DIR           where finished work is kept for resuming (.rewound)
  --no-pictures        leave pictures out of the report
  --pseudonyms         nobody's name in the report: pseudonyms, by the key in REWOUND_PSEUDONYM_KEY
  --json               print report.json on stdout      --quiet      no progress on stderr
  --baseline FILE      compare with an earlier report.json, or what "rewound baseline" made of it
  --fail-on WHAT       leakage: exit 1 for leakage, 4 where no claim is possible; new-leakage: only for what
                       the baseline has not; new-names: the same, or whoever is named and confirmed whom the
                       baseline does not name; never: 0 whatever the verdict (leakage)
  --remote             have it audited by the service at REWOUND_API, with the key in REWOUND_KEY (docs/api.md):
                       uploads photos under pseudonyms, follows, fetches the report, puts the names back
  --attest WHO         with --remote: owner, who may use these photos for this; or regulator
  --label TEXT         with --remote: what the service calls the audit; no person's name
  --ms-per-sample N    with --remote: what the generator takes on an NVIDIA L4, if more than 40 ms`;

/** Audits a checkpoint; returns the exit code. */
export async function auditCommand(args: readonly string[]): Promise<number> {
  const request = await parseAudit(args);
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
  { out, json, failOn, baseline }: AuditRequest,
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
  putComparison(join(out, 'comparison.json'), comparison);
  if (json) stdout.json(text);
  else {
    const colour = stdout.isTerminal && !process.env.NO_COLOR;
    stdout.page(`${renderText(report, { colour })}\n`, { colour });
    if (comparison) stdout.page(`${renderComparisonText(comparison)}\n`);
    stdout.page(`\nReport: ${printable(join(out, 'report.html'))}\n`);
  }
  return exitCode(report.verdict, failOn, comparison);
}

/** One that an earlier run left beside this report would be mistaken for its own. */
function putComparison(path: string, comparison: Comparison | undefined): Promise<void> {
  return comparison
    ? putFile(path, renderComparison(comparison))
    : named(path, 'written', () => rm(path, { force: true }));
}
