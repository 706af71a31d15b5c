/** Cuts photos into runs that are embedded by one call. */
import type { Resolution } from '../../engine/compute.ts';
import type { Device } from '../../onnx/runtime.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { keys } from '../base/layout.ts';
import { recordPaths } from '../base/record-paths.ts';
import type { Part, Side } from './people.ts';
import type { Plan } from './plan/schema.ts';
import type { RecognizerIdentity } from './recognizer.ts';

/** How photos become embeddings, as a version: raised whenever the same photo may give another one, or its file another form. */
const METHOD = 'enrolment 3';
/** Photos embedded by one call of `enrol`. */
const PHOTOS_PER_SHARD = 256;

/**
 * Runs of photos, each named by what its embeddings are made of: photos, recognizer, resolution, and the device that
 * did the arithmetic. `place` is the recognizer's in the plan.
 */
export function cutEnrolment(
  part: Part,
  side: Side | undefined,
  recognizer: RecognizerIdentity,
  place: number,
  resolution: Resolution | null,
  device: Device,
): Plan['enrolment'] {
  if (side?.kind !== 'photos') return [];
  const shards: Plan['enrolment'] = [];
  for (let first = 0; first < side.photos.length; first += PHOTOS_PER_SHARD) {
    const photos = side.photos.slice(first, first + PHOTOS_PER_SHARD);
    const content = digest(METHOD, device, recognizer, resolution, ...photos.map(({ md5 }) => md5));
    shards.push({ content, part, recognizer: place, first, count: photos.length });
  }
  return shards;
}

/** Marks as done what an earlier audit of the project has embedded already. */
export async function skipEnrolled(context: Context, { audit, project, enrolment }: Plan): Promise<void> {
  for (const [shard, { content }] of enrolment.entries()) {
    if (!(await context.objects.head(keys.enrolment(project, content)))) continue;
    await context.records.create(`${recordPaths.done(audit, 'enrol')}/${shard}`, { at: context.clock.now() });
  }
}
