import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  cutSquare,
  type Photo,
  planesToPng,
  readPhoto,
  resizePhoto,
  thumbnail,
  toPlanes,
} from '../../shared/faces/photo.ts';
import { tempDir } from '../support/temp.ts';

/** 24 x 16: red on the left, blue on the right, the upper half brighter. */
function scene(channels: 3 | 4 = 3, alpha = 255): Sharp {
  const data = new Uint8Array(24 * 16 * channels);
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 24; x++) {
      const value = y < 8 ? 240 : 120;
      data.set(x < 12 ? [value, 0, 0] : [0, 0, value], (y * 24 + x) * channels);
      if (channels === 4) data[(y * 24 + x) * 4 + 3] = alpha;
    }
  }
  return sharp(data, { raw: { width: 24, height: 16, channels } });
}

async function read(image: Sharp | Uint8Array, name: string): Promise<Photo> {
  const path = join(tempDir(), name);
  writeFileSync(path, image instanceof Uint8Array ? image : await image.toBuffer());
  return readPhoto(path);
}

const pixel = ({ data, width }: Photo, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const near = (...values: number[]) => values.map((value) => expect.closeTo(value, -1.2));

describe('a photo', () => {
  it.each<[string, (image: Sharp) => Sharp]>([
    ['png', (image) => image.png()],
    ['jpg', (image) => image.jpeg({ quality: 100, chromaSubsampling: '4:4:4' })],
    ['webp', (image) => image.webp({ lossless: true })],
    ['tiff', (image) => image.tiff({ compression: 'lzw' })],
    ['avif', (image) => image.avif({ lossless: true })],
    ['gif', (image) => image.gif()],
  ])('in %s is RGB', async (format, encode) => {
    const photo = await read(encode(scene()), `photo.${format}`);
    expect(photo).toMatchObject({ width: 24, height: 16, channels: 3 });
    expect(pixel(photo, 4, 2)).toEqual(near(240, 0, 0));
    expect(pixel(photo, 20, 12)).toEqual(near(0, 0, 120));
  });

  it.each([
    ['grey JPEG', () => scene().greyscale().jpeg()],
    ['grey PNG with transparency', () => scene(4).greyscale().png()],
    ['PNG of 16 bits', () => scene().greyscale().toColourspace('grey16').png()],
  ])('in %s has three equal colours', async (_, make) => {
    const photo = await read(make(), 'photo');
    expect(photo.channels).toBe(3);
    const [red, green, blue] = pixel(photo, 4, 2);
    expect([green, blue]).toEqual([red, red]);
    expect(red).toBeGreaterThan(40);
    expect(photo.data).toHaveLength(24 * 16 * 3);
  });

  it('in CMYK is RGB', async () => {
    const photo = await read(scene().toColourspace('cmyk').jpeg({ quality: 100 }), 'photo.jpg');
    expect(pixel(photo, 4, 2)[0]).toBeGreaterThan(3 * pixel(photo, 4, 2)[2]!);
  });

  it('with transparency lies on black', async () => {
    const photo = await read(scene(4, 0).png(), 'photo.png');
    expect(photo.data.every((value) => value === 0)).toBe(true);
  });

  it.each([
    [1, [24, 16], [240, 0, 0]],
    [3, [24, 16], [0, 0, 120]],
    [6, [16, 24], [120, 0, 0]],
    [8, [16, 24], [0, 0, 240]],
  ])('whose camera was turned (EXIF %d) is upright', async (orientation, [width, height], corner) => {
    const photo = await read(scene().withMetadata({ orientation }).png(), 'photo.png');
    expect(photo).toMatchObject({ width, height });
    expect(pixel(photo, 0, 0)).toEqual(corner);
  });

  it('in netpbm is read', async () => {
    const photo = await read(new TextEncoder().encode('P2 2 1 255 10 200'), 'photo.pgm');
    expect([...photo.data]).toEqual([10, 10, 10, 200, 200, 200]);
  });

  it('larger than 1600 pixels is shrunk, with its proportions', async () => {
    const large = sharp({ create: { width: 2000, height: 500, channels: 3, background: '#123456' } });
    expect(await read(large.png(), 'photo.png')).toMatchObject({ width: 1600, height: 400 });
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('no photo')],
    ['netpbm cut short', new TextEncoder().encode('P5 100 100 255\n')],
  ])('that is %s throws', async (_, bytes) => {
    await expect(read(bytes, 'photo.jpg')).rejects.toThrow();
  });

  it('cut short throws', async () => {
    const whole = await scene().png().toBuffer();
    await expect(read(whole.subarray(0, whole.length - 30), 'photo.png')).rejects.toThrow();
  });

  it('of more pixels than any camera has is refused before it is decoded', async () => {
    const bomb = await sharp({ create: { width: 20_000, height: 6_000, channels: 3, background: '#000' } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    await expect(read(new Uint8Array(bomb), 'bomb.png')).rejects.toThrow(/pixel limit/);
  });
});

describe('a square cut out', () => {
  const photo: Photo = {
    width: 3,
    height: 2,
    channels: 3,
    data: Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((value) => [value, value, value])),
  };
  const cut = (left: number, top: number, side: number) => {
    const { data } = cutSquare(photo, left, top, side);
    return Array.from({ length: side * side }, (_, i) => data[3 * i]!);
  };

  it.each([
    ['inside', 1, 0, 2, [2, 3, 5, 6]],
    ['over the upper left corner', -1, -1, 2, [0, 0, 0, 1]],
    ['over the lower right corner', 2, 1, 2, [6, 0, 0, 0]],
    ['around it', -1, -1, 5, [0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['left of it', -4, 0, 2, [0, 0, 0, 0]],
    ['right of it', 3, 0, 2, [0, 0, 0, 0]],
    ['below it', 0, 5, 2, [0, 0, 0, 0]],
    ['above it', 0, -2, 2, [0, 0, 0, 0]],
  ])('%s', (_, left, top, side, expected) => {
    expect(cut(left, top, side)).toEqual(expected);
  });
});

describe('pixels', () => {
  const photo: Photo = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

  it('as planes lie in the upper left corner of larger ones', () => {
    const planes = new Float32Array(1 + 3 * 6);
    toPlanes(photo, planes, 1, 3, 2);
    expect([...planes]).toEqual([0, 1, 4, 0, 0, 0, 0, 2, 5, 0, 0, 0, 0, 3, 6, 0, 0, 0, 0]);
  });

  it('from planes to a PNG and back are the same', async () => {
    const planes = new Float32Array(6);
    toPlanes(photo, planes, 0);
    const back = await read(sharp(await planesToPng(planes, 0, 2, 1)).png(), 'back.png');
    expect([...back.data]).toEqual([...photo.data]);
  });

  it('at another size are as many as asked for', async () => {
    expect(await resizePhoto(photo, 7, 5)).toMatchObject({ width: 7, height: 5, channels: 3 });
    expect((await resizePhoto(photo, 7, 5)).data).toHaveLength(105);
  });

  it('of a thumbnail are a JPEG within the side, never enlarged', async () => {
    const path = join(tempDir(), 'photo.png');
    await sharp({ create: { width: 400, height: 100, channels: 3, background: '#777' } }).toFile(path);
    expect(await sharp(await thumbnail(await readPhoto(path), 256)).metadata()).toMatchObject({
      format: 'jpeg',
      width: 256,
      height: 64,
    });
    await scene().png().toFile(path);
    expect(await sharp(await thumbnail(await readPhoto(path), 256)).metadata()).toMatchObject({
      width: 24,
      height: 16,
    });
  });
});
