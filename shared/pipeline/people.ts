import type { Role } from '../audit/roster.ts';
import { RewoundError } from '../errors.ts';
import type { ObjectInfo, Objects } from '../platform/ports.ts';
import { digest } from './keys.ts';

/** A photo in the drop area. */
export interface PhotoPlace {
  readonly key: string;
  readonly generation: string;
  readonly md5: string;
  /** First folder below the role, or the file's name where there is none. */
  readonly identity: string;
  /** Path below the identity. */
  readonly photo: string;
}

/** One side of the comparison as it was found: photos, or embeddings made elsewhere. */
export type Side =
  | { readonly kind: 'photos'; readonly photos: readonly PhotoPlace[] }
  | {
      readonly kind: 'embeddings';
      readonly npy: ObjectInfo;
      readonly csv: ObjectInfo;
      readonly about: ObjectInfo | undefined;
    };

/** Formats that sharp or netpbm read; anything else in the folder is no photo. */
const PHOTO = /\.(jpe?g|png|webp|gif|avif|tiff?|pgm|ppm|pnm)$/i;

/** Lists one role of a project; undefined where the folder is not there or empty. Throws GALLERY_EMPTY. */
export async function listSide(objects: Objects, project: string, role: Role): Promise<Side | undefined> {
  const prefix = `${project}/${role}/`;
  const photos: PhotoPlace[] = [];
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
      identity: slash < 0 ? path.replace(/\.[^.]*$/, '') : path.slice(0, slash),
      photo: path.slice(slash + 1),
    });
  }
  if (photos.length > 0) return { kind: 'photos', photos };
  if (npy && csv) return { kind: 'embeddings', npy, csv, about };
  if (files === 0) return undefined;
  throw new RewoundError('GALLERY_EMPTY', `The ${role} folder holds no photo that can be used.`, {
    help: 'Give one folder a person with JPEG, PNG, WebP, TIFF, AVIF or PGM photos, or embeddings.npy with labels.csv.',
  });
}

/** What a side is made of, for the audit's identity. */
export function sideDigest(side: Side | undefined): string {
  if (!side) return '';
  if (side.kind === 'embeddings') return digest(side.npy.md5, side.csv.md5, side.about?.md5 ?? '');
  return digest(...side.photos.map(({ identity, photo, md5 }) => [identity, photo, md5]));
}
