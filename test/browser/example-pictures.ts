import sharp from 'sharp';
import type { Report } from '../../shared/report/model.ts';
import type { Pictures } from '../../shared/report/render/html.ts';
import { photoKey } from '../../shared/report/render/html.ts';

/** Drawn faces for every match of a report: the same person looks alike in the sample (PNG) and the photo (JPEG). */
export async function examplePictures({ matches }: Report): Promise<Pictures> {
  const samples = new Map<number, Uint8Array>();
  const photos = new Map<string, Uint8Array>();
  await Promise.all(
    matches.map(async (match) => {
      const face = Buffer.from(drawing(match.identity));
      samples.set(match.seed, await sharp(face).resize(64, 64).blur(0.8).png().toBuffer());
      photos.set(photoKey(match), await sharp(face).resize(96, 96).jpeg({ quality: 85 }).toBuffer());
    }),
  );
  return { samples, photos };
}

/** A face whose colours and proportions follow from the name alone. */
function drawing(name: string): string {
  let state = 2166136261;
  for (const sign of name) state = Math.imul(state ^ sign.charCodeAt(0), 16777619);
  const pick = (low: number, high: number) => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 1;
    return low + ((state >>> 8) / 2 ** 24) * (high - low);
  };
  const skin = `hsl(${pick(14, 34)},${pick(35, 60)}%,${pick(30, 78)}%)`;
  const hair = `hsl(${pick(10, 45)},${pick(10, 60)}%,${pick(8, 55)}%)`;
  const width = pick(24, 31);
  const eyes = pick(11, 14);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${pick(0, 360)},15%,${pick(40, 85)}%)"/>
<ellipse cx="50" cy="44" rx="${width + 7}" ry="${pick(38, 44)}" fill="${hair}"/><ellipse cx="50" cy="54" rx="${width}" ry="36" fill="${skin}"/>
<path d="M20 30Q50 ${pick(18, 38)} 80 30L78 14H22Z" fill="${hair}"/><g fill="#222"><circle cx="${50 - eyes}" cy="50" r="3.2"/><circle cx="${50 + eyes}" cy="50" r="3.2"/></g>
<path d="M50 52l-4 14h7M38 ${pick(74, 79)}q12 ${pick(2, 9)} 24 0" fill="none" stroke="#5a2b22" stroke-width="2.4"/></svg>`;
}
