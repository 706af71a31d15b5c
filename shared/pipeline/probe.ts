import { encodeTally } from '../audit/tally-codec.ts';
import { isRunning } from './audits.ts';
import type { Context } from './context.ts';
import { refuseOtherDevice } from './device.ts';
import { shardDone } from './fan-in.ts';
import { refuseRunaway } from './hops.ts';
import { keys } from './keys.ts';
import type { ProbeMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { generatorFiles, probeShards, readPlan, recognizerRequest } from './plan-file.ts';
import { rejecting } from './reject.ts';

/** Probes one shard of samples, unless somebody has: generate, embed, search. */
export async function probe(context: Context, { audit, hops, shard: index }: ProbeMessage): Promise<void> {
  if (!(await isRunning(context, audit))) return;
  await rejecting(context, { audit, stage: 'probe', shard: index }, async () => {
    const plan = await readPlan(context, audit);
    refuseRunaway(plan, hops);
    const shard = probeShards(plan)[index];
    if (!shard) return;
    const target = keys.probe(audit, index);
    if (!(await context.objects.head(target))) {
      refuseOtherDevice(context, plan);
      const { spec, geometry, alignment } = plan.generator;
      const { samples, seed, batch, k } = plan.settings;
      const { tallies } = await context.compute.probe({
        model: await generatorFiles(context, plan),
        spec,
        geometry,
        alignment,
        searches: [
          {
            recognizer: await recognizerRequest(context, plan),
            gallery: await context.objects.file(keys.gallery(audit)),
          },
        ],
        samples,
        seed,
        batch,
        k,
        shard,
      });
      await putOnce(context, target, encodeTally(tallies[0]!));
    }
    await shardDone(context, plan, 'probe', index);
  });
}
