import { analyse } from '../audit/analysis.ts';
import { summarise, totalTiming } from '../audit/summary.ts';
import { mergeTallies, type Tally } from '../audit/tally.ts';
import { decodeTally } from '../audit/tally-codec.ts';
import { RewoundError } from '../errors.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { rosterSchema } from './assemble.ts';
import { advance, completeAudit, isRunning, readAudit } from './audits.ts';
import type { Context } from './context.ts';
import { keys } from './keys.ts';
import type { MergeMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { evidence } from './pictures.ts';
import { type Plan, probeShards, readJson, readPlan } from './plan-file.ts';
import { rejecting } from './reject.ts';
import { facesSeen, makeReport } from './report.ts';

/** Most similar people listed in a report. */
const MATCHES = 500;

/** From all shard results to the report: but for its timing a function of the set of results. */
export async function merge(context: Context, { audit }: MergeMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    await advance(context, audit, 'MERGING');
    const plan = await readPlan(context, audit);
    const record = await readAudit(context, audit);
    const roster = await readJson(context, keys.roster(audit), rosterSchema);
    const tally = await mergeAll(context, plan);
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

/** Shard results fetched at the same time: one after another would take minutes from a bucket. */
const FETCHED = 16;

/**
 * Merges a few shards at a time, so that memory holds the result and those. Each few are merged among themselves first:
 * to merge into the whole costs as much as the whole is large.
 */
async function mergeAll(context: Context, plan: Plan): Promise<Tally> {
  const shards = probeShards(plan);
  let merged: Tally | undefined;
  for (let first = 0; first < shards.length; first += FETCHED) {
    const fetched = shards.slice(first, first + FETCHED).map(async ({ index }) => {
      return decodeTally(await context.objects.get(keys.probe(plan.audit, index)));
    });
    const few = (await Promise.all(fetched)).reduce(mergeTallies);
    merged = merged ? mergeTallies(merged, few) : few;
  }
  if (!merged) {
    throw new RewoundError('RESULT_INCOMPLETE', 'An audit without shards has no result.', { help: 'Start it again.' });
  }
  return merged;
}
