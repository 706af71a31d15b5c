/** Lists the user's files that an audit by the hosted service needs. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { EngineProcess } from '../../shared/engine/process.ts';
import { RewoundError } from '../../shared/errors.ts';
import { decodeLabels, encodeLabels } from '../../shared/faces/labels.ts';
import type { Context } from '../../shared/pipeline/base/context.ts';
import { givenTextOf } from '../../shared/pipeline/base/given-text.ts';
import { droppedCheckpoint } from '../../shared/pipeline/base/layout.ts';
import { checkpointCard, checkpointRecipe, externalFiles } from '../../shared/pipeline/planning/companions.ts';
import { listSide } from '../../shared/pipeline/planning/list-side.ts';
import { PARTS, type Part, type Side } from '../../shared/pipeline/planning/people.ts';
import { findPictures, type PictureSet } from '../../shared/pipeline/planning/picture-set.ts';
import { findRecognizers } from '../../shared/pipeline/planning/recognizer.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { ObjectInfo } from '../../shared/platform/ports.ts';
import type { AuditRequest } from './audit-request.ts';
import { PROJECT } from './project.ts';
import type { RemoteNames } from './remote-names.ts';
import { pictureLines, sideLines } from './understanding.ts';
import { usage } from './usage.ts';

/** A file as it is uploaded. */
export interface RemoteFile {
  /** Below the audit. */
  readonly path: string;
  readonly size: number;
  readonly md5: string;
  /** Its content, to be read as it is sent. */
  readonly open: () => Promise<Readable>;
}

/** What an audit needs of the user's files, and no other file of their folders. */
export interface RemoteFiles {
  readonly files: readonly RemoteFile[];
  readonly photos: number;
  /** What was understood of each side, and what was passed over. */
  readonly lines: readonly string[];
  /** Whether embeddings stand in for all photos. */
  readonly embeddingsOnly: boolean;
}

type Local = Pick<Context, 'objects' | 'compute'>;

const MEMORY_BYTES = 8 * 2 ** 30;
const SILENCE_MS = 60_000;

/** Calls `use` with the files of an audit. Throws what planning would: what cannot be audited need not be uploaded. */
export async function withFiles<R>(
  request: AuditRequest,
  names: RemoteNames,
  signal: AbortSignal,
  use: (files: RemoteFiles) => Promise<R>,
): Promise<R> {
  const { objects, records, events, clock, close } = openLocal({
    folder: request.work,
    mounts: request.mounts,
    exclusive: false,
    signal,
  });
  // To read a checkpoint is the engine's work: a hostile file ends that process, not this one.
  const engine = new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: MEMORY_BYTES, silenceMs: SILENCE_MS });
  try {
    const context = { objects, records, events, clock, compute: engine.tasks, device: 'cpu', window: 1 } as const;
    const checkpoint = await ofCheckpoint(context, request);
    const own = [...checkpoint.files, ...(await ofRecognizers(context, request))];
    const sides: { readonly part: Part; readonly side: Side }[] = [];
    for (const part of PARTS) {
      const side = await listSide(context, PROJECT, part, request.settings.people);
      if (side) sides.push({ part, side });
    }
    const people = (await Promise.all(sides.map(({ part, side }) => ofSide(context, part, side, names)))).flat();
    // Of each side what the local audit says, before anything is uploaded.
    const lines = [
      ...(checkpoint.pictures ? pictureLines(checkpoint.pictures, request.list) : []),
      ...sides.flatMap(({ part, side }) => sideLines(part, side, request.list)),
    ];
    return await use({
      files: [...own, ...people],
      photos: people.filter(({ isPhoto }) => isPhoto).length,
      lines,
      embeddingsOnly: sides.every(({ side }) => side.kind === 'embeddings'),
    });
  } finally {
    engine.close();
    close();
  }
}

/** What stands in the place of the generator. */
interface Checkpoint {
  readonly files: readonly RemoteFile[];
  readonly pictures: PictureSet | undefined;
}

/** The checkpoint, its card and recipe, and the files it names as those of its weights; or an archive of pictures. */
async function ofCheckpoint(context: Context, { source: { key }, settings }: AuditRequest): Promise<Checkpoint> {
  const checkpoint = await context.objects.head(key);
  if (!checkpoint) {
    throw new RewoundError('NOT_FOUND', 'The name of the checkpoint is not one a bucket accepts.', {
      help: 'Names must not begin with a dot or end in .part or .tmp.',
    });
  }
  const pictures = await picturesAt(context, key, checkpoint);
  if (pictures) return { files: [stored(context, checkpoint, key.slice(PROJECT.length + 1))], pictures };
  const cardKey = `${key}.card.json`;
  const recipeKey = `${key}.recipe.json`;
  const [card, recipe] = [await context.objects.head(cardKey), await context.objects.head(recipeKey)];
  const inspection = await context.compute.inspect({
    path: await context.objects.file(key, checkpoint.generation),
    card: checkpointCard(await givenTextOf(context, cardKey), settings),
    recipe: checkpointRecipe(await givenTextOf(context, recipeKey)),
  });
  const weights = await externalFiles(context, key, inspection.externalFiles);
  const all = [checkpoint, ...(card ? [card] : []), ...(recipe ? [recipe] : []), ...weights];
  return { files: all.map((info) => stored(context, info, info.key.slice(PROJECT.length + 1))), pictures: undefined };
}

function picturesAt(context: Context, key: string, checkpoint: ObjectInfo): Promise<PictureSet | undefined> {
  const place = droppedCheckpoint(key);
  return place ? findPictures(context, place, checkpoint, { digests: false }) : Promise.resolve(undefined);
}

async function ofRecognizers(context: Context, { settings }: AuditRequest): Promise<RemoteFile[]> {
  const found = await findRecognizers(context, PROJECT, settings);
  return found.flatMap(({ files }) =>
    files.map((info) => stored(context, info, recognizerPath(info.key.slice(PROJECT.length + 1)))),
  );
}

/** Where a recognizer's file lies in an audit of the service, whose recognizers share one folder. */
export function recognizerPath(path: string): string {
  return path.replace(/^recognizer-(\d+)\//, 'recognizer/$1/');
}

async function ofSide(
  context: Local,
  part: Part,
  side: Side,
  names: RemoteNames,
): Promise<(RemoteFile & { readonly isPhoto: boolean })[]> {
  if (side.kind === 'photos') {
    if (side.photos.some(({ at }) => at)) {
      throw usage(
        'Archives of photos cannot be audited by the service yet: the names in them would leave this machine.',
        'Unpack them and give the folder, or make the audit on this machine.',
      );
    }
    const infos = new Map<string, ObjectInfo>();
    for await (const info of context.objects.list(`${PROJECT}/${part}/`)) infos.set(info.key, info);
    return side.photos.flatMap(({ key, identity, photo }) => {
      const info = infos.get(key);
      const path = `${part}/${names.person(identity)}/${names.photo(photo)}`;
      return info ? [{ ...stored(context, info, path), isPhoto: true }] : [];
    });
  }
  const { npy, csv, about } = side;
  const labels = decodeLabels(new TextDecoder().decode(await context.objects.get(csv.key, csv.generation)));
  const renamed = labels.map(({ identity, photo }) => ({
    identity: names.person(identity),
    photo: names.photo(photo),
  }));
  return [
    stored(context, npy, `${part}/embeddings.npy`),
    written(`${part}/labels.csv`, encodeLabels(renamed)),
    ...(about ? [stored(context, about, `${part}/gallery.json`)] : []),
  ].map((file) => ({ ...file, isPhoto: false }));
}

function stored({ objects }: Local, { key, generation, md5, size }: ObjectInfo, path: string): RemoteFile {
  return { path, size, md5, open: async () => createReadStream(await objects.file(key, generation)) };
}

function written(path: string, text: string): RemoteFile {
  const bytes = Buffer.from(text);
  const md5 = createHash('md5').update(bytes).digest('base64');
  return { path, size: bytes.length, md5, open: async () => Readable.from([bytes]) };
}
