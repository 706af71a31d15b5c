/** Embeds a folder of photos outside of any audit. */
import type { Resolution } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import type { Enrolment } from '../../faces/enrolled.ts';
import { decodeEnrolment, encodeEnrolment } from '../../faces/enrolment.ts';
import { BUILT_IN_RECOGNIZER, type RecognizerInfo } from '../../faces/recognizer.ts';
import type { Context } from '../base/context.ts';
import { givenTextOf } from '../base/given-text.ts';
import { keys } from '../base/layout.ts';
import { putOnce } from '../base/once.ts';
import { cutEnrolment } from '../planning/batches.ts';
import { checkpointCard, checkpointRecipe, externalFiles, localFiles } from '../planning/companions.ts';
import { listSide } from '../planning/list-side.ts';
import type { PhotoObject } from '../planning/people.ts';
import { photoFiles, requireSame } from '../planning/photo-files.ts';
import { resolutionOf } from '../planning/plan/files.ts';
import { findRecognizers } from '../planning/recognizer.ts';
import type { Settings } from '../planning/settings.ts';

export interface EnrolFolder {
  /** The photos are in its `members/`. */
  readonly project: string;
  readonly settings: Settings;
  /** Key of the checkpoint whose resolution the photos are brought to. */
  readonly checkpoint: string | undefined;
  /** Told before each run of photos. */
  readonly onRun: (first: number, total: number) => void;
}

export interface EnrolledFolder {
  readonly recognizer: RecognizerInfo;
  readonly resolution: Resolution | null;
  readonly runs: readonly { readonly photos: readonly PhotoObject[]; readonly enrolment: Enrolment }[];
}

/** Embeds a folder of photos outside of any audit, sharing with audits of the project what was embedded before. */
export async function enrolFolder(context: Context, request: EnrolFolder): Promise<EnrolledFolder> {
  const { project, settings, checkpoint, onRun } = request;
  const side = await listSide(context, project, 'members', settings.people);
  if (side?.kind !== 'photos') {
    throw new RewoundError('GALLERY_EMPTY', 'The folder holds no photos.', {
      help: 'Give one folder a person with JPEG, PNG, WebP, TIFF, AVIF or PGM photos, or a flat folder of photos.',
    });
  }
  const found = (await findRecognizers(context, project, settings))[0]!;
  let resolution: Resolution | null = null;
  let recognizer = found.request.kind === 'built-in' ? BUILT_IN_RECOGNIZER : infoOf(found.request.card);
  if (checkpoint !== undefined) {
    const card = checkpointCard(await givenTextOf(context, `${checkpoint}.card.json`), settings);
    const recipe = checkpointRecipe(await givenTextOf(context, `${checkpoint}.recipe.json`));
    const path = await context.objects.file(checkpoint);
    const inspection = await context.compute.inspect({ path, card, recipe });
    const files = await externalFiles(context, checkpoint, inspection.externalFiles);
    const calibration = await context.compute.calibrate({
      model: { path, external: await localFiles(context, files) },
      card,
      recipe,
      recognizers: [found.request],
      seed: settings.seed,
      batch: settings.batch,
    });
    resolution = resolutionOf(calibration.alignment);
    recognizer = calibration.recognizers[0] ?? recognizer;
  }
  const runs = [];
  const cut = cutEnrolment('members', side, found.identity, 0, resolution, context.device);
  for (const { content, first, count } of cut) {
    const photos = side.photos.slice(first, first + count);
    const target = keys.enrolment(project, content);
    if (!(await context.objects.head(target))) {
      onRun(first, side.photos.length);
      const files = await photoFiles(context, photos);
      const enrolment = await context.compute.enrol({ photos: files, recognizer: found.request, resolution });
      await requireSame(context, photos, files);
      await putOnce(context, target, encodeEnrolment(enrolment));
    }
    runs.push({ photos, enrolment: decodeEnrolment(await context.objects.get(target), count, recognizer.embedding) });
  }
  return { recognizer, resolution, runs };
}

function infoOf({ name, embedding, size, licence }: RecognizerInfo): RecognizerInfo {
  return { name, embedding, size, licence };
}
