/** The step that embeds one run of photos. */
import { encodeEnrolment } from '../../faces/enrolment.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import type { EnrolMessage } from '../base/messages.ts';
import { putOnce } from '../base/once.ts';
import { photoFiles, requireSame } from '../planning/photo-files.ts';
import { recognizerRequest, resolutionOf } from '../planning/plan/files.ts';
import { readPlan } from '../planning/plan/store.ts';
import { refuseOtherDevice } from '../runs/device.ts';
import { shardDone } from '../runs/fan-in.ts';
import { refuseRunaway } from '../runs/hops.ts';
import { rejecting } from '../runs/reject.ts';
import { runningVersion } from '../runs/run.ts';

/** Embeds one run of photos, unless somebody has. */
export async function enrol(context: Context, { audit, hops, shard }: EnrolMessage): Promise<void> {
  const version = await runningVersion(context, audit);
  if (version === undefined) return;
  await rejecting(context, { audit, stage: 'enrol', shard }, async () => {
    const plan = await readPlan(context, audit, version);
    refuseRunaway(plan, hops);
    const run = plan.enrolment[shard];
    if (!run) return;
    const side = plan[run.part];
    const target = keys.enrolment(plan.project, run.content);
    if (side?.kind === 'photos' && !(await context.objects.head(target))) {
      refuseOtherDevice(context, plan);
      const photos = side.photos.slice(run.first, run.first + run.count);
      const files = await photoFiles(context, photos);
      const enrolment = await context.compute.enrol({
        photos: files,
        recognizer: await recognizerRequest(context, plan, run.recognizer),
        resolution: resolutionOf(plan.generator.alignment),
      });
      // Only now: a photo may have been replaced while it was read.
      await requireSame(context, photos, files);
      await putOnce(context, target, encodeEnrolment(enrolment));
    }
    await shardDone(context, plan, 'enrol', shard);
  });
}
