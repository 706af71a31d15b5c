/** Decodes and resizes photos. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decodePnm, isPnm, type RawImage } from './pnm.ts';

/** Larger photos are refused by the decoder: no face needs them, and decompression bombs look like them. */
const MAX_PIXELS = 100_000_000;
/** Photos are brought to this size first: far more than any recognizer looks at. */
const LONGEST_SIDE = 1600;

/** A decoded photo: 8-bit RGB. */
export type Photo = RawImage & { readonly channels: 3 };

function fromRaw({ data, width, height, channels }: RawImage) {
  return sharp(data, { raw: { width, height, channels } });
}

/** Decodes a photo, a file or its bytes, of any format sharp or netpbm knows: upright, RGB, at most 1600 pixels a side. Throws if it cannot. */
export async function readPhoto(source: string | Uint8Array): Promise<Photo> {
  const bytes = typeof source === 'string' ? await readFile(source) : source;
  const image = isPnm(bytes) ? fromRaw(decodePnm(bytes)) : sharp(bytes, { limitInputPixels: MAX_PIXELS });
  const { data, info } = await image
    .autoOrient()
    .toColourspace('srgb')
    .flatten({ background: '#000' })
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return rgb({ data, width: info.width, height: info.height, channels: info.channels === 1 ? 1 : 3 });
}

function rgb({ data, width, height, channels }: RawImage): Photo {
  if (channels === 3) return { data, width, height, channels };
  const out = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) out.fill(data[i]!, 3 * i, 3 * i + 3);
  return { data: out, width, height, channels: 3 };
}

/** The photo at another size, averaged when shrinking. */
export async function resizePhoto(photo: Photo, width: number, height: number): Promise<Photo> {
  const data = await fromRaw(photo).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  return { data, width, height, channels: 3 };
}

/** The square of `side` pixels whose corner is (`left`, `top`), black where it leaves the photo. */
export function cutSquare(photo: Photo, left: number, top: number, side: number): Photo {
  const data = new Uint8Array(side * side * 3);
  const first = Math.max(0, left);
  const last = Math.min(photo.width, left + side);
  for (let y = Math.max(0, -top); y < side && y + top < photo.height && first < last; y++) {
    const row = (y + top) * photo.width;
    data.set(photo.data.subarray((row + first) * 3, (row + last) * 3), (y * side + first - left) * 3);
  }
  return { data, width: side, height: side, channels: 3 };
}

/**
 * Interleaved 8-bit pixels as planes of floats, f32 [3,rows,columns] written at `offset`; a photo smaller than the
 * planes lies in their upper left corner.
 */
export function toPlanes(
  { data, width, height }: Photo,
  planes: Float32Array,
  offset: number,
  columns = width,
  rows = height,
): void {
  const plane = columns * rows;
  for (let y = 0; y < height; y++) {
    let to = offset + y * columns;
    for (let from = y * width * 3; from < (y + 1) * width * 3; from += 3, to++) {
      planes[to] = data[from]!;
      planes[to + plane] = data[from + 1]!;
      planes[to + 2 * plane] = data[from + 2]!;
    }
  }
}

/** Planes of whole numbers 0..255, f32 [3,height,width] at `offset`, as a PNG. */
export function planesToPng(planes: Float32Array, offset: number, width: number, height: number): Promise<Uint8Array> {
  const pixels = width * height;
  const data = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    for (let channel = 0; channel < 3; channel++) data[3 * i + channel] = planes[offset + channel * pixels + i]!;
  }
  return fromRaw({ data, width, height, channels: 3 }).png().toBuffer();
}

/** A photo as a JPEG of at most `side` pixels. */
export async function thumbnail(photo: Photo, side: number): Promise<Uint8Array> {
  return fromRaw(photo)
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 88 })
    .toBuffer();
}
