import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { FACE_SCORE } from '../../shared/faces/detection.ts';
import { FaceLocator, type LocatedFace } from '../../shared/faces/locate.ts';
import { type Photo, readPhoto, resizePhoto, toPlanes } from '../../shared/faces/photo.ts';
import { fillCanvas, placeOnCanvas } from '../../shared/faces/resample.ts';
import { floatTensor } from '../../shared/onnx/runtime.ts';
import { demoPhoto, people } from '../support/demo.ts';
import { cpu } from '../support/runtime.ts';

let locator: FaceLocator;
beforeAll(async () => {
  locator = await FaceLocator.open(cpu);
  return () => locator.release();
});

/** The face of each picture, looked for as in samples and photos. */
async function locate(photos: readonly Photo[]): Promise<LocatedFace[]> {
  const faces: LocatedFace[] = [];
  for (const photo of photos) {
    const placement = placeOnCanvas(photo.width, photo.height);
    const image = new Float32Array(3 * photo.width * photo.height);
    toPlanes(photo, image, 0);
    const canvas = new Float32Array(3 * placement.side ** 2);
    fillCanvas(await resizePhoto(photo, placement.width, placement.height), placement, canvas, 0);
    const [face] = await locator.locate(
      floatTensor(image, [1, 3, photo.height, photo.width]),
      floatTensor(canvas, [1, 3, placement.side, placement.side]),
      [placement],
    );
    faces.push(face!);
  }
  return faces;
}

function picture(side: number, colour: (x: number, y: number) => readonly [number, number, number]): Photo {
  const data = new Uint8ClampedArray(side * side * 3);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) data.set(colour(x, y), (y * side + x) * 3);
  return { data: new Uint8Array(data.buffer), width: side, height: side, channels: 3 };
}

/** Smooth noise of `cells` grains a side. */
async function noise(random: RandomState, side: number, cells: number, coloured: boolean): Promise<Photo> {
  const coarse = picture(Math.min(cells, side), () => {
    const [a, b, c] = [random.below(256), random.below(256), random.below(256)];
    return coloured ? [a, b, c] : [a, a, a];
  });
  return resizePhoto(coarse, side, side);
}

function gradient(random: RandomState, side: number): Photo {
  const [angle, from, to] = [random.double() * 6.283, ...[0, 1].map(() => [0, 1, 2].map(() => random.below(256)))] as [
    number,
    number[],
    number[],
  ];
  return picture(side, (x, y) => {
    const share = 0.5 + ((x / side - 0.5) * Math.cos(angle) + (y / side - 0.5) * Math.sin(angle)) / 1.5;
    return [0, 1, 2].map((c) => from[c]! + share * (to[c]! - from[c]!)) as [number, number, number];
  });
}

/** Circles, rectangles and lines of random colours. */
async function shapes(random: RandomState, side: number): Promise<Photo> {
  const colour = () => `rgb(${random.below(256)},${random.below(256)},${random.below(256)})`;
  const at = () => random.below(side);
  const parts = Array.from({ length: 3 + random.below(12) }, () => {
    const kind = random.below(3);
    if (kind === 0)
      return `<ellipse cx="${at()}" cy="${at()}" rx="${1 + at() / 3}" ry="${1 + at() / 3}" fill="${colour()}"/>`;
    if (kind === 1)
      return `<rect x="${at()}" y="${at()}" width="${1 + at() / 2}" height="${1 + at() / 2}" fill="${colour()}"/>`;
    return `<line x1="${at()}" y1="${at()}" x2="${at()}" y2="${at()}" stroke="${colour()}" stroke-width="${1 + random.below(8)}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%" fill="${colour()}"/>${parts.join('')}</svg>`;
  const { data } = await sharp(Buffer.from(svg)).flatten().removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: side, height: side, channels: 3 };
}

/** The faces of one photo of each demo person. */
let demo: readonly LocatedFace[];
beforeAll(async () => {
  const photos = await Promise.all(
    [...people('members', 0, 80), ...people('controls', 0, 160)].map((name) => readPhoto(demoPhoto(name, 0))),
  );
  demo = await locate(photos);
});

describe('the face score', () => {
  const sides = [48, 64, 96, 128, 192];
  const share = async (photos: readonly Photo[]) =>
    (await locate(photos)).filter(({ score }) => score >= FACE_SCORE).length / photos.length;

  it('is reached by at most one picture without a face in a hundred', async () => {
    const random = new RandomState(11);
    const without: Photo[] = [];
    for (const side of sides) {
      for (const cells of [3, 5, 36, side]) {
        for (let i = 0; i < 8; i++) without.push(await noise(random, side, cells, i % 2 === 0));
      }
      for (let i = 0; i < 16; i++) without.push(gradient(random, side));
      for (let i = 0; i < 48; i++) without.push(await shapes(random, side));
    }
    expect(await share(without)).toBeLessThanOrEqual(0.01);
  });

  it('is reached by some blobs as large as eyes and mouths, as is known of it, but not by many', async () => {
    const random = new RandomState(12);
    const blobs: Photo[] = [];
    for (const side of sides) {
      for (const cells of [8, 12, 16, 24]) {
        for (let i = 0; i < 8; i++) blobs.push(await noise(random, side, cells, i % 2 === 0));
      }
    }
    expect(await share(blobs)).toBeLessThan(0.2);
  });

  it('is reached by every photo of the demo', () => {
    const below = demo.map(({ score }, i) => (score < FACE_SCORE ? i : -1));
    expect(below.filter((i) => i >= 0)).toEqual([]);
  });
});

it('the five points of the demo faces lie on average where they were made', () => {
  const known = [23.2, 24.4, 40.8, 24.4, 31.9, 34.7, 24.8, 42.7, 39.1, 42.7];
  known.forEach((place, i) => {
    const mean = demo.reduce((sum, { points }) => sum + points[i]! / demo.length, 0);
    expect(Math.abs(mean - place)).toBeLessThan(2);
  });
});
