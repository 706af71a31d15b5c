import { EngineProcess } from '../../shared/engine/process.ts';
import { RewoundError } from '../../shared/errors.ts';
import { checkpointCard, checkpointRecipe } from '../../shared/pipeline/cards.ts';
import type { Context } from '../../shared/pipeline/context.ts';
import { externalFiles } from '../../shared/pipeline/external.ts';
import { digest } from '../../shared/pipeline/keys.ts';
import { textOf } from '../../shared/pipeline/once.ts';
import { listSide, PARTS } from '../../shared/pipeline/people.ts';
import { findRecognizers } from '../../shared/pipeline/recognizer.ts';
import { openLocal } from '../../shared/platform/local/index.ts';
import type { ObjectInfo } from '../../shared/platform/ports.ts';
import { type AuditRequest, PROJECT } from './audit-request.ts';

/** A file of the user's, as an object of this machine. */
export type LocalFile = Pick<ObjectInfo, 'key' | 'generation' | 'md5'>;

/** What an audit needs of the user's files, and no other file of their folders. */
export interface RemoteFiles {
  readonly checkpoint: LocalFile;
  readonly others: readonly LocalFile[];
  /** Stands for all of it but the checkpoint, and for the settings. */
  readonly digest: string;
  read(file: LocalFile): Promise<Uint8Array>;
}

const MEMORY_BYTES = 8 * 2 ** 30;
const SILENCE_MS = 60_000;

/** Calls `use` with the files of an audit. Throws what planning would: what cannot be audited need not be uploaded. */
export async function withFiles<R>(request: AuditRequest, use: (files: RemoteFiles) => Promise<R>): Promise<R> {
  const { objects, records, events, clock, close } = openLocal({
    folder: request.work,
    mounts: request.mounts,
    exclusive: false,
  });
  // To read a checkpoint is the engine's work: a hostile file ends that process, not this one.
  const engine = new EngineProcess({ device: 'cpu', threads: 1, memoryBytes: MEMORY_BYTES, silenceMs: SILENCE_MS });
  try {
    const context = { objects, records, events, clock, compute: engine.tasks, device: 'cpu', window: 1 } as const;
    const checkpoint = await objects.head(request.key);
    if (!checkpoint) {
      throw new RewoundError('NOT_FOUND', 'The name of the checkpoint is not one a bucket accepts.', {
        help: 'Names must not begin with a dot or end in .part or .tmp.',
      });
    }
    const others = [
      ...(await besideCheckpoint(context, request, checkpoint)),
      ...(await ofRecognizers(context, request)),
      ...(await ofPeople(context)),
    ];
    return await use({
      checkpoint,
      others,
      digest: digest(request.settings, ...others.map(({ key, md5 }) => [key, md5])),
      read: ({ key, generation }) => objects.get(key, generation),
    });
  } finally {
    engine.close();
    close();
  }
}

/** The checkpoint's card and recipe, and the files it names as those of its weights. */
async function besideCheckpoint(context: Context, { settings }: AuditRequest, { key, generation }: ObjectInfo) {
  const cardKey = `${key}.card.json`;
  const card = await context.objects.head(cardKey);
  const recipeKey = `${key}.recipe.json`;
  const recipe = await context.objects.head(recipeKey);
  const inspection = await context.compute.inspect({
    path: await context.objects.file(key, generation),
    card: checkpointCard(await textOf(context, cardKey), settings),
    recipe: checkpointRecipe(await textOf(context, recipeKey)),
  });
  const weights = await externalFiles(context, key, inspection.externalFiles);
  return [...(card ? [card] : []), ...(recipe ? [recipe] : []), ...weights];
}

async function ofRecognizers(context: Context, { settings }: AuditRequest): Promise<LocalFile[]> {
  return (await findRecognizers(context, PROJECT, settings)).flatMap(({ files }) => files);
}

async function ofPeople({ objects }: Context): Promise<LocalFile[]> {
  const found: LocalFile[] = [];
  for (const part of PARTS) {
    const side = await listSide(objects, PROJECT, part);
    if (side?.kind === 'photos') found.push(...side.photos);
    else if (side) found.push(side.npy, side.csv, ...(side.about ? [side.about] : []));
  }
  return found;
}
