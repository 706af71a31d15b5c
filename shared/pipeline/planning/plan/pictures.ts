/** Reads which pictures take the place of a generator's samples. */
import { z } from 'zod';
import { locatorSchema } from '../../../collection/entry.ts';
import type { PhotoFile } from '../../../engine/compute.ts';
import type { Context } from '../../base/context.ts';
import { keys } from '../../base/layout.ts';
import { readJson } from '../../base/sealed-json.ts';
import { photoFiles, requireSame } from '../photo-files.ts';
import type { PicturesPlan } from './schema.ts';

/** Pictures listed in one object: few enough that a shard reads little, many enough that a million is a few hundred objects. */
export const CHUNK = 4096;

const chunkSchema = z.strictObject({
  version: z.literal(1),
  pictures: z.array(
    z.strictObject({
      name: z.string(),
      key: z.string(),
      generation: z.string(),
      md5: z.string(),
      folder: z.string(),
      at: locatorSchema.optional(),
    }),
  ),
});
export type PlannedPicture = z.infer<typeof chunkSchema>['pictures'][number];
/** Pictures as they are listed in one object. */
export interface PictureChunk {
  readonly version: 1;
  readonly pictures: readonly Readonly<PlannedPicture>[];
}

/** Pictures `first` to `first + count - 1` of a plan: those that are searched come first, then those set apart. */
export async function plannedPictures(
  context: Pick<Context, 'objects'>,
  { audit, generator }: PicturesPlan,
  first: number,
  count: number,
): Promise<readonly PlannedPicture[]> {
  const found: PlannedPicture[] = [];
  for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < first + count; chunk++) {
    const content = generator.chunks[chunk];
    if (content === undefined) break;
    const { pictures } = await readJson(context, keys.pictures(audit, content), chunkSchema);
    const start = chunk * CHUNK;
    for (const one of pictures.slice(Math.max(0, first - start), first + count - start)) found.push(one);
  }
  return found;
}

/** Pictures by their places in a plan, where there are such places: each object that lists them is read once. */
export async function picturesAt(
  context: Pick<Context, 'objects'>,
  plan: PicturesPlan,
  places: readonly number[],
): Promise<readonly (PlannedPicture | undefined)[]> {
  const chunks = new Map<number, Promise<readonly PlannedPicture[]>>();
  for (const place of places) {
    const chunk = Math.floor(place / CHUNK);
    if (!chunks.has(chunk)) chunks.set(chunk, plannedPictures(context, plan, chunk * CHUNK, CHUNK));
  }
  return Promise.all(places.map(async (place) => (await chunks.get(Math.floor(place / CHUNK))!)[place % CHUNK]));
}

/** Calls `use` with local files that hold these pictures, and checks that they were what was planned. Throws OBJECT_CHANGED. */
export async function withPictureFiles<T>(
  context: Pick<Context, 'objects'>,
  pictures: readonly PlannedPicture[],
  use: (files: readonly PhotoFile[]) => Promise<T>,
): Promise<T> {
  const files = await photoFiles(context, pictures);
  const result = await use(files);
  await requireSame(context, pictures, files);
  return result;
}
