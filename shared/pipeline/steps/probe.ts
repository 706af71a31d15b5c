/** The steps that probe one shard of samples, and of fresh samples. */
import { encodeTally } from '../../audit/counts/tally-codec.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { ConfirmMessage, ProbeMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import type { SampleStage } from '../base/stages.ts';
import { generatorFiles, recognizerRequest } from '../planning/plan/files.ts';
import { sampleShards, samplingOf } from '../planning/plan/sampling.ts';
import type { Plan } from '../planning/plan/schema.ts';
import { readPlan } from '../planning/plan/store.ts';
import { refuseOtherDevice } from '../runs/device.ts';
import { shardDone } from '../runs/fan-in.ts';
import { refuseRunaway } from '../runs/hops.ts';
import { rejecting } from '../runs/reject.ts';
import { runningVersion } from '../runs/run.ts';

/** Probes one shard of samples, unless somebody has: generate, embed, search. */
export function probe(context: Context, message: ProbeMessage): Promise<void> {
  return probeShard(context, message, 'probe');
}

/** The same with fresh samples, after all others: whoever was named must be found again. */
export function confirm(context: Context, message: ConfirmMessage): Promise<void> {
  return probeShard(context, message, 'confirm');
}

async function probeShard(context: Context, message: ProbeMessage | ConfirmMessage, stage: SampleStage): Promise<void> {
  const { audit, hops, shard: index } = message;
  const version = await runningVersion(context, audit);
  if (version === undefined) return;
  await rejecting(context, { audit, stage, shard: index }, async () => {
    const plan = await readPlan(context, audit, version);
    refuseRunaway(plan, hops);
    const shard = sampleShards(plan, stage)[index];
    if (!shard) return;
    // One result a recognizer, written in their order: where the last is, all are.
    const targets = plan.recognizers.map((_, recognizer) => keys.tally(audit, stage, index, recognizer));
    if (!(await context.objects.head(targets.at(-1)!))) {
      refuseOtherDevice(context, plan);
      const { spec, geometry, alignment } = plan.generator;
      const { tallies } = await context.compute.probe({
        model: await generatorFiles(context, plan),
        spec,
        geometry,
        alignment,
        searches: await searches(context, plan),
        ...samplingOf(plan, stage),
        sampleMs: plan.sampleMs,
        shard,
      });
      for (const [i, target] of targets.entries()) await putOnce(context, target, encodeTally(tallies[i]!));
    }
    await shardDone(context, plan, stage, index);
  });
}

function searches(context: Context, plan: Plan) {
  return Promise.all(
    plan.recognizers.map(async (_, recognizer) => ({
      recognizer: await recognizerRequest(context, plan, recognizer),
      gallery: await context.objects.file(keys.gallery(plan.audit, recognizer), undefined, { fixed: true }),
      profile: await context.objects.file(keys.profile(plan.audit, recognizer), undefined, { fixed: true }),
    })),
  );
}
