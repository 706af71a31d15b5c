/** Gives photos of a plan to the engine: as local files, or as parts of local files that are archives. */
import type { PhotoFile } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import type { Range } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { requireUploaded, uploadedFile } from '../base/uploaded-files.ts';
import type { PhotoObject } from './people.ts';

/** Where an encoded photo is: an object, or a part of one that is an archive. */
type StoredPhoto = Pick<PhotoObject, 'key' | 'generation' | 'md5' | 'at'>;

type World = Pick<Context, 'objects'>;

/** Local files with these photos. Of an archive only the part that holds them is fetched, where it can be parted. */
export async function photoFiles(world: World, photos: readonly StoredPhoto[]): Promise<PhotoFile[]> {
  const parts = new Map<string, Promise<Omit<PhotoFile, 'at'>>>();
  for (const [key, members] of Map.groupBy(
    photos.filter(({ at }) => at),
    ({ key }) => key,
  )) {
    parts.set(key, archivePart(world, members));
  }
  return Promise.all(
    photos.map(async (photo) => {
      const { key, at } = photo;
      if (!at) return { path: await uploadedFile(world, photo) };
      return { ...(await parts.get(key)!), at };
    }),
  );
}

/** The file with an archive, or with the range of it that these photos are in. */
async function archivePart({ objects }: World, members: readonly StoredPhoto[]): Promise<Omit<PhotoFile, 'at'>> {
  const { key, generation } = members[0]!;
  const range = rangeOf(members);
  if (!range) return { path: await objects.file(key, generation) };
  const { path, start } = await objects.part(key, range, generation);
  return { path, shift: range.start - start };
}

/** What these photos span; undefined where an archive can only be read as a whole. */
function rangeOf(members: readonly StoredPhoto[]): Range | undefined {
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { at } of members) {
    if (!at || !('start' in at)) return undefined;
    const ranges = at.parts ?? [[at.start, at.length] as const];
    for (const [from, length] of ranges) {
      start = Math.min(start, from);
      end = Math.max(end, from + length);
    }
  }
  return { start, length: Math.max(1, end - start) };
}

/** Checks that what the engine has read was what was planned. Throws OBJECT_CHANGED. */
export async function requireSame(
  { objects }: World,
  photos: readonly StoredPhoto[],
  files: readonly PhotoFile[],
): Promise<void> {
  for (const [i, { md5, at }] of photos.entries()) if (!at) await requireUploaded(files[i]!.path, md5);
  // An archive is too large to be read again for each run of its photos: its generation changes with every write.
  const archives = new Map(photos.filter(({ at }) => at).map(({ key, generation }) => [key, generation]));
  for (const [key, generation] of archives) {
    const current = await objects.head(key);
    if (current && current.generation !== generation) {
      throw new RewoundError('OBJECT_CHANGED', 'An archive is not what it was when the audit was planned.', {
        help: 'Leave archives as they are while an audit runs, and start it again.',
      });
    }
  }
}
