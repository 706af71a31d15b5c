import { encodeTally } from '../audit/counts/tally-codec.ts';
import { analyseAll } from './analyses.ts';
import { advance, isRunning } from './audits.ts';
import type { Context } from './context.ts';
import { dispatch } from './fan-in.ts';
import { refuseRunaway } from './hops.ts';
import { keys } from './keys.ts';
import type { MergeMessage } from './messages.ts';
import type { Nomination } from './nomination.ts';
import { putOnce } from './once.ts';
import { readPlan } from './plan-file.ts';
import { rejecting } from './reject.ts';
import { encodeJson } from './sealed-json.ts';
import { mergeStage } from './tallies.ts';

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
