import { encodeEnrolment } from '../faces/enrolment.ts';
import { runningVersion } from './audits.ts';
import type { Context } from './context.ts';
import { refuseOtherDevice } from './device.ts';
import { shardDone } from './fan-in.ts';
import { refuseRunaway } from './hops.ts';
import { keys } from './keys.ts';
import type { EnrolMessage } from './messages.ts';
import { putOnce } from './once.ts';
import { readPlan, recognizerRequest, resolutionOf } from './plan-file.ts';
import { rejecting } from './reject.ts';
import { requireUploaded, uploadedFile } from './uploads.ts';

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
      const paths = await Promise.all(photos.map((photo) => uploadedFile(context, photo)));
      const enrolment = await context.compute.enrol({
        photos: paths,
        recognizer: await recognizerRequest(context, plan, run.recognizer),
        resolution: resolutionOf(plan.generator.alignment),
      });
      // Only now: a photo may have been replaced while it was read.
      for (const [i, { md5 }] of photos.entries()) await requireUploaded(paths[i]!, md5);
      await putOnce(context, target, encodeEnrolment(enrolment));
    }
    await shardDone(context, plan, 'enrol', shard);
  });
}
