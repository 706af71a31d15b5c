/** Embeds photos as generated pictures are embedded. */
import { asRewoundError } from '../errors.ts';
import { eyeDistance, type Points, scalePoints } from '../faces/align.ts';
import { FACE_SCORE } from '../faces/detection.ts';
import type { Enrolment, PhotoState } from '../faces/enrolled.ts';
import type { FaceLocator, LocatedFace } from '../faces/locate.ts';
import { cutSquare, type Photo, resizePhoto, toPlanes } from '../faces/photo.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import { fillCanvas, placeOnCanvas } from '../faces/resample.ts';
import { floatTensor } from '../onnx/runtime.ts';
import { systemCause } from '../system-errors.ts';
import type { PhotoFile, Resolution } from './compute.ts';
import { readPhotos } from './photo-files.ts';

/** Photos embedded in one run of the recognizer. */
const BATCH = 32;
/** Side of the square cut around a face, in eye distances: room for any template at any rotation. */
const FRAME = 4.5;
/** Eye distance beyond which no recognizer sees more: photos are shrunk to it even where no resolution is given. */
const ENOUGH_EYE_DISTANCE = 96;
/** Faces are looked for in at most this many pixels a side, so that the landmark crop does not skip pixels. */
const LOCATE_SIDE = 640;
/** Canvas on which small faces are looked for where none was found. */
const SMALL_FACE_CANVAS = 416;

/** A photo that could be read, by its place in the request. */
interface Readable {
  readonly place: number;
  readonly photo: Photo;
}
type Located = Readable & { readonly points: Points };

/**
 * Embeds photos as generated pictures are embedded: each face is found in the whole photo, the photo is shrunk until
 * the face is as small as a generated one, and (where samples are detected one by one) it is looked for again.
 */
export async function enrolPhotos(
  files: readonly PhotoFile[],
  resolution: Resolution | null,
  { locator, recognizer }: { readonly locator: FaceLocator; readonly recognizer: Recognizer },
  onPhotos: (done: number) => void,
): Promise<Enrolment> {
  const length = recognizer.info.embedding;
  const embeddings = new Float32Array(files.length * length);
  const states = new Array<PhotoState>(files.length).fill('unreadable');
  const eyes = Math.min(resolution?.eyeDistance ?? ENOUGH_EYE_DISTANCE, ENOUGH_EYE_DISTANCE);
  for (let first = 0; first < files.length; first += BATCH) {
    const photos = await readAll(files.slice(first, first + BATCH), first);
    for (const { place } of photos) states[place] = 'undetected';
    const located = await locateAll(photos, locator, { smallFaces: true });
    let shrunk = await Promise.all(located.map((face) => shrinkTo(face, eyes)));
    // As samples are searched: once, on one canvas.
    if (resolution?.detect) shrunk = await locateAll(shrunk, locator, { smallFaces: false });
    if (shrunk.length > 0) {
      const embedded = await embedAll(shrunk, Math.round(FRAME * eyes), recognizer);
      shrunk.forEach(({ place }, i) => {
        states[place] = 'enrolled';
        embeddings.set(embedded.subarray(i * length, (i + 1) * length), place * length);
      });
    }
    onPhotos(Math.min(first + BATCH, files.length));
  }
  return { embeddings, states };
}

async function readAll(files: readonly PhotoFile[], first: number): Promise<Readable[]> {
  const read = await readPhotos(files);
  // A disk that fails or a limit of the system is no fault of a photo: counted as one, it would change the result.
  for (const result of read) {
    if (result.status === 'rejected' && systemCause(result.reason)) throw asRewoundError(result.reason);
  }
  return read.flatMap((result, i) =>
    result.status === 'fulfilled' ? [{ place: first + i, photo: result.value }] : [],
  );
}

/** Those photos in which a face is found, with its points; where none is, small faces are looked for if wanted. */
async function locateAll(
  photos: readonly Readable[],
  locator: FaceLocator,
  { smallFaces }: { readonly smallFaces: boolean },
): Promise<Located[]> {
  const seen = new Map<number, LocatedFace>();
  const bySide = Map.groupBy(photos, ({ photo }) => placeOnCanvas(photo.width, photo.height).side);
  for (const group of bySide.values()) {
    const faces = await locateGroup(group, LOCATE_SIDE, locator);
    group.forEach(({ place }, i) => {
      seen.set(place, faces[i]!);
    });
  }
  const located: Located[] = [];
  for (const readable of photos) {
    const { photo, place } = readable;
    let face = seen.get(place)!;
    if (smallFaces && face.score < FACE_SCORE && Math.max(photo.width, photo.height) >= SMALL_FACE_CANVAS) {
      [face] = (await locateGroup([readable], Number.POSITIVE_INFINITY, locator, SMALL_FACE_CANVAS)) as [LocatedFace];
    }
    if (face.score >= FACE_SCORE) located.push({ photo, place, points: face.points });
  }
  return located;
}

/** Locates the faces of photos that share a canvas size, in one run; smaller photos lie in the upper left corner. */
async function locateGroup(
  group: readonly Readable[],
  longestSide: number,
  locator: FaceLocator,
  canvasSide?: number,
): Promise<LocatedFace[]> {
  const views = await Promise.all(group.map(({ photo }) => shrinkWithin(photo, longestSide)));
  const placements = views.map(({ width, height }) => placeOnCanvas(width, height, canvasSide));
  const side = placements[0]!.side;
  const width = Math.max(...views.map((view) => view.width));
  const height = Math.max(...views.map((view) => view.height));
  const images = new Float32Array(views.length * 3 * width * height);
  const canvases = new Float32Array(views.length * 3 * side * side);
  await Promise.all(
    views.map(async (view, i) => {
      const placement = placements[i]!;
      toPlanes(view, images, i * 3 * width * height, width, height);
      fillCanvas(await resizePhoto(view, placement.width, placement.height), placement, canvases, i * 3 * side * side);
    }),
  );
  const faces = await locator.locate(
    floatTensor(images, [views.length, 3, height, width]),
    floatTensor(canvases, [views.length, 3, side, side]),
    placements,
  );
  return faces.map(({ score, points }, i) => ({ score, points: scalePoints(points, views[i]!, group[i]!.photo) }));
}

async function shrinkWithin(photo: Photo, longestSide: number): Promise<Photo> {
  const shrink = longestSide / Math.max(photo.width, photo.height);
  if (shrink >= 1) return photo;
  return resizePhoto(photo, Math.round(photo.width * shrink), Math.round(photo.height * shrink));
}

/** The photo shrunk until its eyes are `eyes` pixels apart; never enlarged. */
async function shrinkTo({ place, photo, points }: Located, eyes: number): Promise<Located> {
  const shrink = eyes / eyeDistance(points);
  if (!(shrink < 1)) return { place, photo, points };
  const width = Math.max(1, Math.round(photo.width * shrink));
  const height = Math.max(1, Math.round(photo.height * shrink));
  const small = await resizePhoto(photo, width, height);
  return { place, photo: small, points: scalePoints(points, photo, small) };
}

async function embedAll(faces: readonly Located[], side: number, recognizer: Recognizer): Promise<Float32Array> {
  const planes = new Float32Array(faces.length * 3 * side * side);
  const points = faces.map(({ photo, points: [...p] }, i) => {
    const left = Math.round((p[0]! + p[2]! + p[6]! + p[8]!) / 4 - (side - 1) / 2);
    const top = Math.round((p[1]! + p[3]! + p[7]! + p[9]!) / 4 - (side - 1) / 2);
    toPlanes(cutSquare(photo, left, top, side), planes, i * 3 * side * side);
    return Float64Array.from(p, (value, j) => value - (j % 2 === 0 ? left : top));
  });
  return recognizer.embed(floatTensor(planes, [faces.length, 3, side, side]), points);
}
