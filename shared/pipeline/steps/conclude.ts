/** The step from what was counted to the verdict and the report. */
import { renderJson } from '../../report/json.ts';
import { pseudonymise, pseudonymsOf } from '../../report/pseudonyms.ts';
import { renderHtml } from '../../report/render/html.ts';
import { renderJunit } from '../../report/render/junit.ts';
import { renderSarif } from '../../report/render/sarif.ts';
import type { Context } from '../base/context.ts';
import type { ConcludeMessage } from '../base/messages.ts';
import { isOfPictures } from '../planning/plan/schema.ts';
import { readPlan } from '../planning/plan/store.ts';
import { pseudonymKeyOf } from '../planning/settings.ts';
import { analyseAll } from '../results/analyses.ts';
import { evidence } from '../results/pictures.ts';
import { publishedFindings, renderMatchingPictures } from '../results/published.ts';
import { makeReport } from '../results/report.ts';
import { writeReport } from '../results/report-files.ts';
import { rejecting } from '../runs/reject.ts';
import { completeAudit, isRunning, readAudit } from '../runs/run.ts';

/** From what was counted to the verdict and the report: but for its timing a function of the set of results. */
export async function conclude(context: Context, { audit }: ConcludeMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    const plan = await readPlan(context, audit);
    const record = await readAudit(context, audit);
    const analyses = await analyseAll(context, plan, { fresh: true });
    const taken = context.clock.now() - (record?.createdAt ?? context.clock.now());
    await writeReport(context, audit, taken, async (total) => {
      const published = isOfPictures(plan) ? await publishedFindings(context, plan, analyses) : undefined;
      const named = makeReport(plan, analyses, published, total);
      const key = pseudonymKeyOf(plan.settings);
      const report = key ? pseudonymise(named, key) : named;
      const pictures = await evidence(context, plan, report, named);
      return {
        'report.json': renderJson(report),
        'report.sarif': renderSarif(report, { names: key !== undefined }),
        'junit.xml': renderJunit(report),
        'report.html': renderHtml(report, pictures),
        ...(published ? { 'matches.csv': renderMatchingPictures(published.matching, key && pseudonymsOf(key)) } : {}),
      };
    });
    await completeAudit(context, audit);
  });
}
