/** Reads encoded photos from local files and out of archives. */
import { readPictures } from '../collection/archive.ts';
import type { Locator } from '../collection/entry.ts';
import { type Photo, readPhoto } from '../faces/photo.ts';
import type { PhotoFile } from './compute.ts';

/** The decoded photos, each with why it could not be where that failed. Those of one archive are read in one pass. */
export async function readPhotos(files: readonly PhotoFile[]): Promise<PromiseSettledResult<Photo>[]> {
  const results: Promise<Photo>[] = new Array(files.length);
  const archives = Map.groupBy(
    files.map((file, i) => ({ ...file, i })),
    ({ path, at, shift = 0 }) => (at ? `${shift} ${path}` : ''),
  );
  for (const [archive, members] of archives) {
    if (archive === '') {
      for (const { path, i } of members) {
        results[i] = readPhoto(path);
        results[i].catch(() => undefined);
      }
    } else {
      const { path, shift } = members[0]!;
      await readMembers(path, shift, members, results);
    }
  }
  return Promise.allSettled(results);
}

async function readMembers(
  path: string,
  shift: number | undefined,
  members: readonly { readonly at?: Locator | undefined; readonly i: number }[],
  results: Promise<Photo>[],
): Promise<void> {
  const places = members.flatMap(({ at, i }) => (at ? [{ at, i }] : []));
  let next = 0;
  for await (const bytes of readPictures(
    path,
    places.map(({ at }) => at),
    shift,
  )) {
    const read = readPhoto(bytes);
    // Awaited with all others; until then its failure is nobody's surprise.
    read.catch(() => undefined);
    results[places[next++]!.i] = read;
  }
}
