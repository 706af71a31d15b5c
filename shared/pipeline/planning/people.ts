/** Lists the people of a project: photos, or embeddings made elsewhere. */
import { RewoundError } from '../../errors.ts';
import type { ObjectInfo, Objects } from '../../platform/ports.ts';
import { digest } from '../base/digest.ts';

/** Folders of a project that hold people; the placebo's are unseen by generator and audit, and take its place. */
export const PARTS = ['members', 'controls', 'placebo'] as const;
export type Part = (typeof PARTS)[number];

/** A photo in the drop area. */
export interface PhotoObject {
  readonly key: string;
  readonly generation: string;
  readonly md5: string;
  /** First folder below the role, or the file's name where there is none, with its ending where two differ only in that. */
  readonly identity: string;
  /** Path below the identity. */
  readonly photo: string;
}

/** One side of the comparison as it was found: photos, or embeddings made elsewhere. */
export type Side =
  | { readonly kind: 'photos'; readonly photos: readonly PhotoObject[] }
  | {
      readonly kind: 'embeddings';
      readonly npy: ObjectInfo;
      readonly csv: ObjectInfo;
      readonly about: ObjectInfo | undefined;
    };

/** Formats that sharp or netpbm read, by content. */
const READABLE = 'jpe?g|jfif|png|webp|gif|avif|tiff?|pgm|ppm|pnm';
/** Photos all the same: they are counted as unreadable, rather than missing from the count. */
const UNREADABLE = 'heic|heif|bmp|jxl|jp2';
/** Anything else in the folder is no photo. */
const PHOTO = new RegExp(`\\.(${READABLE}|${UNREADABLE})$`, 'i');

/** Lists one part of a project; undefined where the folder is not there or empty. Throws GALLERY_EMPTY. */
export async function listSide(objects: Objects, project: string, part: Part): Promise<Side | undefined> {
  const prefix = `${project}/${part}/`;
  const photos: PhotoObject[] = [];
  let [npy, csv, about]: (ObjectInfo | undefined)[] = [];
  let files = 0;
  for await (const object of objects.list(prefix)) {
    files += 1;
    const path = object.key.slice(prefix.length);
    if (!path.includes('/') && /\.npy$/i.test(path)) npy = object;
    if (!path.includes('/') && /\.csv$/i.test(path)) csv = object;
    if (path === 'gallery.json') about = object;
    if (!PHOTO.test(path)) continue;
    const slash = path.indexOf('/');
    photos.push({
      key: object.key,
      generation: object.generation,
      md5: object.md5,
      identity: path.slice(0, Math.max(0, slash)),
      photo: path.slice(slash + 1),
    });
  }
  if (photos.length > 0) return { kind: 'photos', photos: nameFlat(photos) };
  if (npy && csv) return { kind: 'embeddings', npy, csv, about };
  if (files === 0) return undefined;
  throw new RewoundError('GALLERY_EMPTY', `The ${part} folder holds no photo that can be used.`, {
    help: 'Give one folder a person with JPEG, PNG, WebP, TIFF, AVIF or PGM photos, or embeddings.npy with labels.csv.',
  });
}

/** Photos without a folder are people of their own, named like the file. */
function nameFlat(photos: readonly PhotoObject[]): PhotoObject[] {
  const stem = ({ photo }: PhotoObject) => photo.replace(/\.[^.]*$/, '');
  const isFlat = ({ identity }: PhotoObject) => identity === '';
  const alike = Map.groupBy(photos.filter(isFlat), stem);
  return photos.map((place) => {
    if (!isFlat(place)) return place;
    return { ...place, identity: alike.get(stem(place))!.length > 1 ? place.photo : stem(place) };
  });
}

/** What a side is made of, for the audit's identity. */
export function sideDigest(side: Side | undefined): string {
  if (!side) return '';
  if (side.kind === 'embeddings') return digest(side.npy.md5, side.csv.md5, side.about?.md5 ?? '');
  return digest(...side.photos.map(({ identity, photo, md5 }) => [identity, photo, md5]));
}
