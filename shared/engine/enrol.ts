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
import { type ReadPhoto, readBatches } from './photo-files.ts';

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

/** A photo that could be read, by its place among others. */
interface Readable {
  readonly place: number;
  readonly photo: Photo;
}
type Located = Readable & { readonly points: Points };

/** Photos with their faces' embeddings. */
export interface EmbeddedPhotos {
  readonly states: readonly PhotoState[];
  /** For each recognizer f32 [photos, d], L2-normalised; zero rows where no face was found. */
  readonly embeddings: readonly Float32Array[];
}

interface FaceChain {
  readonly locator: FaceLocator;
  readonly recognizers: readonly Recognizer[];
}

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
  const states: PhotoState[] = [];
  const size = resolution ?? { eyeDistance: ENOUGH_EYE_DISTANCE, detect: false };
  for await (const photos of readBatches(files, BATCH)) {
    const embedded = await embedPhotos(photos, size, { locator, recognizers: [recognizer] });
    embeddings.set(embedded.embeddings[0]!, states.length * length);
    states.push(...embedded.states);
    onPhotos(states.length);
  }
  return { embeddings, states };
}

/** Finds and embeds the face of each photo. The larger faces are shrunk; none is enlarged. */
export async function embedPhotos(
  read: readonly ReadPhoto[],
  { eyeDistance: wanted, detect, slack = 1 }: Resolution,
  { locator, recognizers }: FaceChain,
): Promise<EmbeddedPhotos> {
  const embeddings = recognizers.map(({ info }) => new Float32Array(read.length * info.embedding));
  const states = read.map((): PhotoState => 'unreadable');
  const eyes = Math.min(wanted, ENOUGH_EYE_DISTANCE);
  const largest = Math.min(slack * eyes, ENOUGH_EYE_DISTANCE);
  for (let first = 0; first < read.length; first += BATCH) {
    const photos = readable(read, first, Math.min(read.length, first + BATCH));
    for (const { place } of photos) states[place] = 'undetected';
    const located = await locateAll(photos, locator, { smallFaces: true });
    let shrunk = await Promise.all(
      located.map(async (face) => (eyeDistance(face.points) > largest ? shrinkTo(face, eyes) : face)),
    );
    // As samples are searched: once, on one canvas.
    if (detect) shrunk = await locateAll(shrunk, locator, { smallFaces: false });
    if (shrunk.length === 0) continue;
    const frames = framesOf(shrunk, Math.round(FRAME * largest));
    for (const [i, recognizer] of recognizers.entries()) {
      const embedded = await recognizer.embed(frames.planes, frames.points);
      const length = recognizer.info.embedding;
      shrunk.forEach(({ place }, row) => {
        embeddings[i]!.set(embedded.subarray(row * length, (row + 1) * length), place * length);
      });
    }
    for (const { place } of shrunk) states[place] = 'enrolled';
  }
  return { states, embeddings };
}

/** The distance between the eyes of each face that is found, in pixels of its photo; null where none is. */
export async function measureFaces(
  read: readonly ReadPhoto[],
  locator: FaceLocator,
): Promise<readonly (number | null)[]> {
  const distances: (number | null)[] = read.map(() => null);
  for (let first = 0; first < read.length; first += BATCH) {
    const photos = readable(read, first, Math.min(read.length, first + BATCH));
    for (const { place, points } of await locateAll(photos, locator, { smallFaces: true }))
      distances[place] = eyeDistance(points);
  }
  return distances;
}

function readable(read: readonly ReadPhoto[], first: number, end: number): Readable[] {
  const photos: Readable[] = [];
  for (let place = first; place < end; place++) {
    const result = read[place]!;
    if (result.status === 'fulfilled') photos.push({ place, photo: result.value });
    // A disk that fails or a limit of the system is no fault of a photo: counted as one, it would change the result.
    else if (systemCause(result.reason)) throw asRewoundError(result.reason);
  }
  return photos;
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

/** A square around each face, f32 [faces, 3, side, side], and its five points in it. */
function framesOf(faces: readonly Located[], side: number) {
  const planes = new Float32Array(faces.length * 3 * side * side);
  const points = faces.map(({ photo, points: [...p] }, i) => {
    const left = Math.round((p[0]! + p[2]! + p[6]! + p[8]!) / 4 - (side - 1) / 2);
    const top = Math.round((p[1]! + p[3]! + p[7]! + p[9]!) / 4 - (side - 1) / 2);
    toPlanes(cutSquare(photo, left, top, side), planes, i * 3 * side * side);
    return Float64Array.from(p, (value, j) => value - (j % 2 === 0 ? left : top));
  });
  return { planes: floatTensor(planes, [faces.length, 3, side, side]), points };
}
