/** The steps that probe one shard of samples, and of fresh samples. */
import { encodeNearest, PICTURE_STATES } from '../../audit/counts/nearest.ts';
import { type Shard, samplesIn } from '../../audit/counts/shards.ts';
import type { Tally } from '../../audit/counts/tally.ts';
import { encodeTally } from '../../audit/counts/tally-codec.ts';
import type { PicturesProbe } from '../../engine/compute.ts';
import { asRewoundError } from '../../errors.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { ConfirmMessage, ProbeMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import type { SampleStage } from '../base/stages.ts';
import { commandFailed, withGenerated } from '../planning/generated.ts';
import { generatorFiles, pictureResolution, recognizerRequest } from '../planning/plan/files.ts';
import { plannedPictures, withPictureFiles } from '../planning/plan/pictures.ts';
import { sampleShards, samplingOf } from '../planning/plan/sampling.ts';
import {
  type CommandPlan,
  isOfCommand,
  isOfPictures,
  type NetworkPlan,
  networkPlan,
  type PicturesPlan,
  type Plan,
} from '../planning/plan/schema.ts';
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
      const work = {
        ...samplingOf(plan, stage),
        searches: await searches(context, plan),
        sampleMs: plan.sampleMs,
        shard,
      };
      const tallies = isOfPictures(plan)
        ? await probePictures(context, plan, stage, work)
        : isOfCommand(plan)
          ? await probeMade(context, plan, work)
          : await probeNetwork(context, networkPlan(plan), work);
      for (const [i, target] of targets.entries()) await putOnce(context, target, encodeTally(tallies[i]!));
    }
    await shardDone(context, plan, stage, index);
  });
}

type Work = Omit<PicturesProbe, 'pictures' | 'resolution'> & { readonly shard: Shard };

async function probeNetwork(context: Context, plan: NetworkPlan, work: Work): Promise<readonly Tally[]> {
  const { spec, geometry, alignment } = plan.generator;
  const { tallies } = await context.compute.probe({
    model: await generatorFiles(context, plan),
    spec,
    geometry,
    alignment,
    ...work,
  });
  return tallies;
}

/** Searches the pictures of a shard, and keeps whom each of them resembles: the tallies are written last. */
async function probePictures(
  context: Context,
  plan: PicturesPlan,
  stage: SampleStage,
  work: Work,
): Promise<readonly Tally[]> {
  const { seed, shard } = work;
  const first = seed - plan.settings.seed + samplesIn(work, shard.firstBatch);
  const count = samplesIn(work, shard.firstBatch + shard.batches) - samplesIn(work, shard.firstBatch);
  const pictures = await plannedPictures(context, plan, first, count);
  const resolution = pictureResolution(plan);
  const { tallies, nearest } = await withPictureFiles(context, pictures, (files) =>
    context.compute.probePictures({ ...work, pictures: files, resolution }),
  );
  for (const [recognizer, one] of nearest.entries()) {
    await putOnce(context, keys.nearest(plan.audit, stage, shard.index, recognizer), encodeNearest(one));
  }
  return tallies;
}

/** Has the samples of a shard made by the command, and searches them. */
async function probeMade(context: Context, plan: CommandPlan, work: Work): Promise<readonly Tally[]> {
  const { seed, shard } = work;
  const first = samplesIn(work, shard.firstBatch);
  const count = samplesIn(work, shard.firstBatch + shard.batches) - first;
  const seeds = Array.from({ length: count }, (_, i) => seed + first + i);
  return withGenerated(context, seeds, async (pictures, run) => {
    const resolution = pictureResolution(plan);
    const { width, height } = plan.generator;
    const request = { ...work, pictures, resolution, size: { width, height } };
    const { tallies, nearest } = await context.compute.probePictures(request).catch((cause: unknown) => {
      const { code, message } = asRewoundError(cause);
      throw code === 'PICTURES_INVALID' ? commandFailed(`left pictures of different sizes. ${message}`, run) : cause;
    });
    const unreadable = seeds.find((_, i) => PICTURE_STATES[nearest[0]!.state[i]!] === 'unreadable');
    if (unreadable === undefined) return tallies;
    throw commandFailed(`left a picture that cannot be read, of seed ${unreadable}.`, run);
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
