/** Reads encoded photos from local files and out of archives. */
import { readPictures } from '../collection/archive.ts';
import type { Locator } from '../collection/entry.ts';
import { type Photo, readPhoto } from '../faces/photo.ts';
import type { PhotoFile } from './compute.ts';

/** A decoded photo, or why it could not be decoded. */
export type ReadPhoto = PromiseSettledResult<Photo>;

/**
 * Decodes photos in the order of `files`, `size` at a time; the next ones are decoded while the caller works on those it
 * was given. Photos of one archive that follow each other are read in one pass. Throws ARCHIVE_INVALID.
 */
export async function* readBatches(files: readonly PhotoFile[], size: number): AsyncGenerator<readonly ReadPhoto[]> {
  const decoding = decodeAll(files);
  const take = async (): Promise<readonly ReadPhoto[]> => {
    const begun: Promise<Photo>[] = [];
    while (begun.length < size) {
      const next = await decoding.next();
      if (next.done) break;
      begun.push(next.value.photo);
    }
    return Promise.allSettled(begun);
  };
  let next = take();
  try {
    for (;;) {
      const batch = await next;
      if (batch.length === 0) return;
      next = take();
      // Its failure is the caller's when it asks for that batch.
      next.catch(() => undefined);
      yield batch;
    }
  } finally {
    // A caller that stops early leaves no archive open.
    await decoding.return(undefined);
  }
}

/** The decoded photos, each with why it could not be where that failed. */
export async function readPhotos(files: readonly PhotoFile[]): Promise<readonly ReadPhoto[]> {
  for await (const all of readBatches(files, files.length)) return all;
  return [];
}

/** Begins to decode each photo, in order. A promise is wrapped, as it would be awaited on its way otherwise. */
async function* decodeAll(files: readonly PhotoFile[]): AsyncGenerator<{ readonly photo: Promise<Photo> }> {
  for (let first = 0; first < files.length; ) {
    const { path, at, shift } = files[first]!;
    if (!at) {
      yield { photo: begun(readPhoto(path)) };
      first += 1;
      continue;
    }
    const places: Locator[] = [];
    for (let next = files[first]; next?.at && next.path === path && next.shift === shift; ) {
      places.push(next.at);
      next = files[first + places.length];
    }
    for await (const bytes of readPictures(path, places, shift)) yield { photo: begun(readPhoto(bytes)) };
    first += places.length;
  }
}

/** A promise that is awaited with others, later: until then its failure is no defect. */
function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
