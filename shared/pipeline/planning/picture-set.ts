/** Finds pictures that stand in the place of a generator: an archive in the place of a checkpoint, or a folder. */
import { z } from 'zod';
import { compareStrings, keyedHash, keyedOrder } from '../../audit/numbers/keyed.ts';
import { formatOfHead } from '../../collection/archive.ts';
import type { PassedOver } from '../../collection/entry.ts';
import { RewoundError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { digest } from '../base/digest.ts';
import { givenTextOf } from '../base/given-text.ts';
import { type DroppedCheckpoint, isCommandMarker, isPictureMarker } from '../base/layout.ts';
import { type Candidate, contentsOf, contentsOfArchive } from './contents.ts';

type World = Pick<Context, 'objects' | 'compute'>;

/** `NAME.pictures.json` in the place of a checkpoint: which folder of the project holds the pictures. */
const pictureMarkerSchema = z.strictObject({
  schema: z.literal('rewound.pictures/1'),
  /** Below the project, without a slash at the end. */
  folder: z
    .string()
    .regex(/^[^/]+(\/[^/]+)*$/)
    .default('pictures'),
});

/** One picture of a set. */
export interface SetPicture {
  /** Its path in the set. */
  readonly name: string;
  readonly key: string;
  readonly generation: string;
  /** Of the picture's own bytes; of one in an archive only where digests were asked for, else empty. */
  readonly md5: string;
  /** The folder it is in, or what the archive says of it: where sets are sorted, a synthetic identity. */
  readonly folder: string;
  readonly at?: Candidate['at'];
}

/** Pictures that stand in the place of a generator. */
export interface PictureSet {
  /** How they are stored, such as "zip" or "folder". */
  readonly format: string;
  /** In the order of their names. */
  readonly pictures: readonly SetPicture[];
  readonly passed: readonly PassedOver[];
}

/** Fewer different pictures say nothing of a set. */
const FEWEST_PICTURES = 20;
/** Smaller sets are searched as a whole, and nothing is set apart. */
const LEAST_SPLIT = 1_000;
/** Every fifth picture is set apart, to confirm who was found in the others. */
const SET_APART = 5;

/** Bytes by which an archive is known. */
const HEAD = 512;
const EMPTY = new Uint8Array();

/** Files by which a zip or tar is known as a model and not as a set of pictures. */
const OF_MODELS = /(^|\/)(data\.pkl|model_index\.json|constants\.pkl)$/;

/**
 * The pictures in the place of a checkpoint; undefined where the file is something else. With `digests`, every picture
 * has its MD5, for which archives are read once. Throws ARCHIVE_INVALID, CARD_INVALID, PICTURES_INVALID.
 */
export async function findPictures(
  world: World,
  { project, file }: DroppedCheckpoint,
  checkpoint: ObjectInfo,
  { digests }: { readonly digests: boolean },
): Promise<PictureSet | undefined> {
  if (isCommandMarker(file)) return undefined;
  if (isPictureMarker(file)) return picturesInFolder(world, project, checkpoint, digests);
  const { key, generation, size } = checkpoint;
  // By its first bytes alone: a checkpoint of gigabytes is not fetched to be told from an archive.
  const head = size > 0 ? await world.objects.get(key, generation, { start: 0, length: Math.min(HEAD, size) }) : EMPTY;
  const format = formatOfHead(head, size);
  if (format === undefined) return undefined;
  const { candidates, passed } = await contentsOfArchive(world, checkpoint, file, { digests });
  const isModel = passed.some(({ name }) => OF_MODELS.test(name));
  // What has no pictures may still be a checkpoint: torch writes zip archives.
  if (isModel || (candidates.length === 0 && (format === 'zip' || format === 'tar' || format === 'tar.gz'))) {
    return undefined;
  }
  return { format, pictures: ordered(candidates, false), passed };
}

async function picturesInFolder(
  world: World,
  project: string,
  marker: ObjectInfo,
  digests: boolean,
): Promise<PictureSet> {
  const text = (await givenTextOf(world, marker.key)) ?? '';
  const { folder } = parseJsonFile(pictureMarkerSchema, text, 'The file that stands for a folder of pictures');
  const { candidates, passed, archives } = await contentsOf(world, `${project}/${folder}/`, { digests });
  if (candidates.length === 0) {
    throw new RewoundError('PICTURES_INVALID', 'The folder holds no picture that can be read.', {
      help: 'To audit a checkpoint in it, give the path of its file. To audit pictures, give the folder they are in, or an archive.',
    });
  }
  return { format: 'folder', pictures: ordered(candidates, archives.length > 1), passed };
}

function ordered(candidates: readonly Candidate[], several: boolean): readonly SetPicture[] {
  return candidates
    .map(({ object, path, archive, at, label, content }): SetPicture => {
      const name = several && archive !== undefined ? `${archive}/${path}` : path;
      const folder = label ?? name.slice(0, Math.max(0, name.lastIndexOf('/')));
      const { key, generation } = object;
      return { name, key, generation, md5: content ?? '', folder, ...(at ? { at } : {}) };
    })
    .sort((a, b) => compareStrings(a.name, b.name));
}

/** What a set is made of, for the audit's identity. An archive's own digest is the checkpoint's. */
export function pictureSetDigest({ format, pictures }: PictureSet): string {
  return format === 'folder'
    ? digest(
        'pictures',
        ...pictures.map(({ name, key, generation, md5, at }) => [name, md5, at ? [key, generation] : []]),
      )
    : 'pictures';
}

/** Which pictures of a set are searched, and which are set apart to confirm who is found in them. */
export interface PictureChoice {
  readonly searched: readonly SetPicture[];
  readonly apart: readonly SetPicture[];
  /** Different contents among all of them. */
  readonly distinct: number;
}

/**
 * Draws `samples` of a set, or takes all of it, and sets a fifth apart by a keyed digest of the content, so that copies
 * of a picture are on the same side. Throws PICTURES_INVALID where there are too few.
 */
export function choosePictures(
  pictures: readonly SetPicture[],
  { samples, seed }: { readonly samples: number | undefined; readonly seed: number },
): PictureChoice {
  const contents = new Set(pictures.map(({ md5 }) => md5));
  if (contents.size < FEWEST_PICTURES) {
    const alike = pictures.length >= FEWEST_PICTURES ? `, though ${pictures.length} files` : '';
    throw new RewoundError(
      'PICTURES_INVALID',
      `The set has ${contents.size} different pictures${alike}; an audit needs ${FEWEST_PICTURES}.`,
      { help: 'Give the whole set: a folder of pictures at any depth, or a zip, tar, parquet, RecordIO or LMDB file.' },
    );
  }
  const drawn = samples === undefined || samples >= pictures.length ? pictures : draw(pictures, samples, seed);
  const distinct = drawn === pictures ? contents.size : new Set(drawn.map(({ md5 }) => md5)).size;
  if (drawn.length < LEAST_SPLIT) return { searched: drawn, apart: [], distinct };
  const isApart = ({ md5 }: SetPicture) =>
    Number.parseInt(keyedHash('set apart', seed, md5).slice(0, 8), 16) % SET_APART === 0;
  const apart = drawn.filter(isApart);
  return { searched: drawn.filter((one) => !isApart(one)), apart, distinct };
}

function draw(pictures: readonly SetPicture[], samples: number, seed: number): readonly SetPicture[] {
  const order = keyedOrder(
    'pictures',
    seed,
    pictures.map(({ name }) => name),
  );
  return order
    .slice(0, samples)
    .toSorted((a, b) => a - b)
    .map((i) => pictures[i]!);
}
