import { analyse } from '../audit/analysis.ts';
import { summarise, totalTiming } from '../audit/summary.ts';
import { decodeTally } from '../audit/tally-codec.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { completeAudit, isRunning, readAudit } from './audits.ts';
import type { Context } from './context.ts';
import { keys } from './keys.ts';
import type { ConcludeMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { evidence } from './pictures.ts';
import { type Plan, readJson, readPlan } from './plan-file.ts';
import { rejecting } from './reject.ts';
import { facesSeen, makeReport } from './report.ts';
import { rosterSchema } from './roster-file.ts';

/** Most similar people listed in a report. */
const MATCHES = 500;

/** From what was counted to the verdict and the report: but for its timing a function of the set of results. */
export async function conclude(context: Context, { audit }: ConcludeMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    const plan = await readPlan(context, audit);
    const record = await readAudit(context, audit);
    const roster = await readJson(context, keys.roster(audit), rosterSchema);
    const tally = decodeTally(await context.objects.get(keys.merged(audit, 0)));
    const summary = summarise(tally);
    const analysis = analyse(summary, roster.people, {
      seed: plan.settings.seed,
      controlsGiven: plan.controls !== null,
      matches: MATCHES,
      faces: facesSeen(plan, summary),
    });
    const report = makeReport(plan, roster, summary, analysis, {
      ...totalTiming(tally),
      total: context.clock.now() - (record?.createdAt ?? context.clock.now()),
    });
    const pictures = await evidence(context, plan, report);
    await putOnce(context, keys.report(audit, 'report.json'), new TextEncoder().encode(renderJson(report)));
    await putOnce(context, keys.report(audit, 'report.html'), new TextEncoder().encode(renderHtml(report, pictures)));
    await completeAudit(context, audit);
  });
}

/** How many people the samples name, by any recognizer: they must be found again among fresh ones. */
export async function nominate(_context: Context, _plan: Plan): Promise<number> {
  return 0;
}
