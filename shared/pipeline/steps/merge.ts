/** The step from all shard results to one for each recognizer. */
import { encodeTally } from '../../audit/counts/tally-codec.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { MergeMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import { encodeJson } from '../base/sealed-json.ts';
import { readPlan } from '../planning/plan/store.ts';
import { analyseAll } from '../results/analyses.ts';
import type { Nomination } from '../results/nomination.ts';
import { mergeStage } from '../results/tallies.ts';
import { dispatch } from '../runs/fan-in.ts';
import { refuseRunaway } from '../runs/hops.ts';
import { rejecting } from '../runs/reject.ts';
import { advance, isRunning } from '../runs/run.ts';

/** From all shard results to one for each recognizer: a function of the set of results. Says whether anybody is named. */
export async function merge(context: Context, { audit, hops }: MergeMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, audit, async () => {
    await advance(context, audit, 'MERGING');
    const plan = await readPlan(context, audit);
    refuseRunaway(plan, hops);
    if (!(await context.objects.head(keys.nomination(audit)))) {
      for (const recognizer of plan.recognizers.keys()) {
        const merged = await mergeStage(context, plan, 'probe', recognizer);
        await putOnce(context, keys.merged(audit, recognizer), encodeTally(merged));
      }
      const { conclusion } = await analyseAll(context, plan, { fresh: false });
      const nomination: Nomination = { version: 1, named: conclusion.people.length };
      await putOnce(context, keys.nomination(audit), encodeJson(nomination));
    }
    await dispatch(context, plan);
  });
}
