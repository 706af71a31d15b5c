/** Plans an audit of pictures that were given in the place of a generator. */
import { countReasons } from '../../collection/entry.ts';
import { RewoundError } from '../../errors.ts';
import { contentOf } from '../../seal.ts';
import type { Context } from '../base/context.ts';
import { keys } from '../base/layout.ts';
import { putOnce } from '../base/once.ts';
import { encodeJson } from '../base/sealed-json.ts';
import { contentsOf } from './contents.ts';
import type { PlannedGenerator } from './generator-network.ts';
import type { Identified } from './identify.ts';
import type { PhotoObject, Side } from './people.ts';
import { photoFiles } from './photo-files.ts';
import { choosePictures, findPictures, type SetPicture } from './picture-set.ts';
import { PICTURE_SLACK } from './plan/files.ts';
import { CHUNK, type PictureChunk } from './plan/pictures.ts';
import type { FoundRecognizer } from './recognizer.ts';
import type { Settings } from './settings.ts';

/** Pictures that are looked at before the work starts. */
const CALIBRATION_PICTURES = 256;

/** Chooses the pictures of an audit, looks at some of them, and writes down where each is. */
export async function planPictures(
  context: Context,
  { audit, place, checkpoint, members, controls, allSamples }: Identified,
  settings: Settings,
  recognizers: readonly FoundRecognizer[],
): Promise<PlannedGenerator> {
  const set = await findPictures(context, place, checkpoint, { digests: true });
  if (!set) throw changedMeanwhile();
  const { seed } = settings;
  const choice = choosePictures(set.pictures, { samples: allSamples ? undefined : settings.samples, seed });
  const { searched, apart, distinct } = choice;
  const drawn = [...searched, ...apart];
  const step = Math.max(1, searched.length / CALIBRATION_PICTURES);
  const looked = Array.from(
    { length: Math.min(CALIBRATION_PICTURES, searched.length) },
    (_, i) => searched[Math.floor(i * step)]!,
  );
  const calibration = await context.compute.calibratePictures({
    pictures: await photoFiles(context, looked),
    recognizers: recognizers.map(({ request }) => request),
    slack: PICTURE_SLACK,
  });
  const { eyeDistance, width, height, samples, undetected, unreadable, sampleMs } = calibration;
  if (eyeDistance === null) throw faceless(samples, unreadable);
  return {
    // Seeds number the pictures: those that are searched, then those set apart.
    settings: { ...settings, samples: searched.length, fresh: apart.length },
    sampleMs,
    recognizers: calibration.recognizers,
    generator: {
      kind: 'pictures',
      format: set.format,
      width,
      height,
      assumptions: [],
      alignment: { mode: 'detected', spread: 0, eyeDistance },
      calibration: { samples, undetected: undetected + unreadable },
      set: {
        pictures: set.pictures.length,
        drawn: drawn.length,
        distinct,
        folders: foldersIn(drawn),
        apart: apart.length,
        ofMembers: await common(context, place.project, 'members', members, drawn),
        ofControls: await common(context, place.project, 'controls', controls, drawn),
        passed: countReasons(set.passed),
      },
      chunks: await writeChunks(context, audit, drawn),
    },
  };
}

function foldersIn(pictures: readonly SetPicture[]): number {
  const folders = new Set(pictures.map(({ folder }) => folder));
  return folders.size > 1 ? folders.size : 0;
}

/** How many of the pictures are photos of a side, byte for byte. */
async function common(
  context: Context,
  project: string,
  part: 'members' | 'controls',
  side: Side | undefined,
  pictures: readonly SetPicture[],
): Promise<number> {
  if (side?.kind !== 'photos') return 0;
  const loose = side.photos.filter(({ at }) => !at);
  const contents = new Set(loose.map(({ md5 }) => md5));
  if (loose.length < side.photos.length) {
    // Of a collection that both sides share, only this side's own.
    const own = new Set(side.photos.map(placeOf));
    for (const folder of [part, 'collection']) {
      const { candidates } = await contentsOf(context, `${project}/${folder}/`, { digests: true });
      for (const { object, at, content } of candidates)
        if (content !== undefined && own.has(placeOf({ key: object.key, at }))) contents.add(content);
    }
  }
  return pictures.filter(({ md5 }) => contents.has(md5)).length;
}

/** Where a photo is, as one text. */
function placeOf({ key, at }: Pick<PhotoObject, 'key' | 'at'>): string {
  return JSON.stringify([key, at]);
}

async function writeChunks(context: Context, audit: string, pictures: readonly SetPicture[]): Promise<string[]> {
  const chunks: string[] = [];
  for (let first = 0; first < pictures.length; first += CHUNK) {
    const chunk: PictureChunk = { version: 1, pictures: pictures.slice(first, first + CHUNK) };
    const bytes = encodeJson(chunk);
    const content = contentOf(bytes);
    await putOnce(context, keys.pictures(audit, content), bytes);
    chunks.push(content);
  }
  return chunks;
}

function faceless(samples: number, unreadable: number): RewoundError {
  return new RewoundError(
    'PICTURES_INVALID',
    unreadable === samples
      ? `None of the ${samples} pictures that were tried could be read.`
      : `No face was found in any of ${samples} pictures of the set.`,
    {
      help: 'Check that these are pictures of faces: "rewound inspect PICTURES --samples sheet.html" shows some of them.',
    },
  );
}

function changedMeanwhile(): RewoundError {
  return new RewoundError('OBJECT_CHANGED', 'The set of pictures was changed while it was read.', {
    help: 'Leave it as it is while an audit runs, and start the audit again.',
  });
}
