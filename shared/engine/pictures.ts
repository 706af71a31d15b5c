/** Calibrates on pictures that are given and probes them, in the place of a generator's samples. */
import { type Nearest, PICTURE_STATES } from '../audit/counts/nearest.ts';
import { batchRange, samplesIn } from '../audit/counts/shards.ts';
import { type Tally, timingOf } from '../audit/counts/tally.ts';
import { TallyBuilder } from '../audit/counts/tally-builder.ts';
import { RewoundError } from '../errors.ts';
import type { PhotoState } from '../faces/enrolled.ts';
import type { FaceLocator } from '../faces/locate.ts';
import { type Photo, resizePhoto } from '../faces/photo.ts';
import type { Recognizer } from '../faces/recognizer.ts';
import type { RunTimes } from '../onnx/runtime.ts';
import type { PictureCalibration, PicturesCalibrated, PicturesProbe } from './compute.ts';
import { embedPhotos, measureFaces } from './enrol.ts';
import { type ReadPhoto, readBatches, readPhotos } from './photo-files.ts';
import type { OpenSearch } from './probe.ts';

/** Pictures that are timed. */
const TIMED = 32;

/** Looks at some of the pictures: how large they and their faces are, and how long a picture takes. */
export async function calibratePictures(
  { pictures, slack }: Omit<PictureCalibration, 'recognizers'>,
  { locator, recognizers }: { readonly locator: FaceLocator; readonly recognizers: readonly Recognizer[] },
  onPictures: (done: number) => void,
): Promise<PicturesCalibrated> {
  const sizes: { readonly width: number; readonly height: number }[] = [];
  const distances: number[] = [];
  let [done, unreadable] = [0, 0];
  for await (const read of readBatches(pictures, TIMED)) {
    for (const one of read) if (one.status === 'fulfilled') sizes.push(one.value);
    unreadable += read.filter(({ status }) => status === 'rejected').length;
    distances.push(...(await measureFaces(read, locator)).filter((distance) => distance !== null));
    done += read.length;
    onPictures(done);
  }
  const eyeDistance = median(distances);
  const timed = pictures.slice(0, TIMED);
  // The first run pays for what is done once.
  let sampleMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2 && timed.length > 0; run++) {
    const start = performance.now();
    await embedPhotos(
      await readPhotos(timed),
      { eyeDistance: eyeDistance ?? 0, detect: false, slack },
      { locator, recognizers },
    );
    sampleMs = Math.min(sampleMs, (performance.now() - start) / timed.length);
    onPictures(done);
  }
  return {
    eyeDistance,
    width: median(sizes.map(({ width }) => width)) ?? 0,
    height: median(sizes.map(({ height }) => height)) ?? 0,
    oneSize: sizes.every(({ width, height }) => width === sizes[0]?.width && height === sizes[0]?.height),
    recognizers: recognizers.map(({ info }) => info),
    samples: pictures.length,
    undetected: pictures.length - unreadable - distances.length,
    unreadable,
    sampleMs: Number.isFinite(sampleMs) ? sampleMs : 0,
  };
}

/** Probes a shard of pictures, batch by batch of the global grid: for each search a tally, and whom each picture resembles. */
export async function probePictures(
  { pictures, resolution, size, samples, seed, batch, shard }: Omit<PicturesProbe, 'searches' | 'sampleMs' | 'k'>,
  { locator, searches }: { readonly locator: FaceLocator; readonly searches: readonly OpenSearch[] },
  times: RunTimes,
  onPictures: (done: number) => void,
): Promise<{ readonly tallies: readonly Tally[]; readonly nearest: readonly Nearest[] }> {
  const grid = { samples, batch };
  const first = samplesIn(grid, shard.firstBatch);
  const count = samplesIn(grid, shard.firstBatch + shard.batches) - first;
  if (pictures.length !== count) throw new RangeError(`A shard of ${count} pictures was given ${pictures.length}.`);
  const chain = { locator, recognizers: searches.map(({ recognizer }) => recognizer) };
  const builders = searches.map(({ gallery: { layout }, nearestMember }) => {
    const frame = { ...grid, seed, identities: layout.isMember.length, faces: layout.identityOf.length };
    return new TallyBuilder(frame, shard, layout, nearestMember);
  });
  const state = new Uint8Array(count);
  const look = new Uint32Array(2 * count);
  const nearest = searches.map((): Nearest => {
    return { state, look, face: new Uint32Array(count), similarity: new Float32Array(count) };
  });
  times.clear();
  let done = 0;
  onPictures(done);
  let b = shard.firstBatch;
  for await (const read of readBatches(pictures, batch)) {
    if (size) requireSize(read, size);
    const { first: sample, count: rows } = batchRange(grid, b);
    const { states, embeddings } = await embedPhotos(read, resolution, chain);
    for (const [row, one] of states.entries()) state[done + row] = stateOf(one);
    look.set(await looksOf(read), 2 * done);
    const faceFound = Uint8Array.from(states, (one) => (one === 'enrolled' ? 1 : 0));
    for (const [i, { search }] of searches.entries()) {
      const found = await search.search(embeddings[i]!);
      builders[i]!.addBatch({ batch: b, firstSeed: seed + sample, rows, ...found, faceFound });
      const { face, similarity } = nearest[i]!;
      for (let row = 0; row < rows; row++) {
        if (faceFound[row] === 0) continue;
        face[done + row] = Number(found.topFaces[row * search.k]);
        similarity[done + row] = Math.min(1, Math.max(-1, found.topValues[row * search.k]!));
      }
    }
    b += 1;
    done += rows;
    onPictures(done);
  }
  // The first tally carries the time of all: a picture is read once.
  builders[0]?.addTiming(timingOf(times));
  return { tallies: builders.map((builder) => builder.finish()), nearest };
}

function requireSize(
  read: readonly ReadPhoto[],
  { width, height }: { readonly width: number; readonly height: number },
) {
  for (const one of read) {
    if (one.status === 'rejected' || (one.value.width === width && one.value.height === height)) continue;
    throw new RewoundError(
      'PICTURES_INVALID',
      `A picture is ${one.value.width} x ${one.value.height}, and not ${width} x ${height}.`,
      {
        help: 'All pictures must have one size.',
      },
    );
  }
}

function stateOf(state: PhotoState): number {
  return PICTURE_STATES.indexOf(state === 'enrolled' ? 'searched' : state);
}

/** Columns and rows of brightness whose differences make up how a picture looks. */
const [COLUMNS, ROWS] = [9, 8];

/**
 * [2 n] 64 bits for each picture: whether each of 8 x 8 cells is brighter than the one to its right (a difference
 * hash). Copies of another size, format or quality have the same bits, or nearly so.
 */
async function looksOf(read: readonly ReadPhoto[]): Promise<Uint32Array> {
  const looks = new Uint32Array(2 * read.length);
  await Promise.all(
    read.map(async (one, i) => {
      if (one.status === 'fulfilled') looks.set(await lookOf(one.value), 2 * i);
    }),
  );
  return looks;
}

async function lookOf(photo: Photo): Promise<Uint32Array> {
  const { data } = await resizePhoto(photo, COLUMNS, ROWS);
  const brightness = (cell: number) => 299 * data[3 * cell]! + 587 * data[3 * cell + 1]! + 114 * data[3 * cell + 2]!;
  const look = new Uint32Array(2);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS - 1; column++) {
      const cell = row * COLUMNS + column;
      const bit = row * (COLUMNS - 1) + column;
      if (brightness(cell) > brightness(cell + 1)) look[bit >> 5]! |= 1 << (bit & 31);
    }
  }
  return look;
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
