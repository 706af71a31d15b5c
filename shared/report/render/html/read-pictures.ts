/** Reads the pictures of a page that was rendered before. */
import type { Report } from '../../model.ts';
import { type Pictures, photoKey } from './pictures.ts';

const PICTURE = /<img class="face" src="data:image\/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)" alt="([^"]*)"/g;

/**
 * The pictures of a page that `renderHtml` made of this report, so that the page can be made again of a report that calls
 * people otherwise. Nothing else of the page is taken.
 */
export function readPictures(page: string, report: Report): Pictures {
  const [samples, photos] = [new Map<number, Uint8Array>(), new Map<string, Uint8Array>()];
  for (const [, base64 = '', alt = ''] of page.matchAll(PICTURE)) {
    const bytes = Buffer.from(base64, 'base64');
    const seed = /^Generated face, seed (\d+)$/.exec(alt)?.[1];
    if (seed !== undefined) samples.set(Number(seed), bytes);
    // Each person is shown by one match a side. Names that HTML writes otherwise are not found: pseudonyms are.
    const [, kind, identity] = /^(Training photo|Photo never trained on) of (.*)$/s.exec(alt) ?? [];
    const role = kind === 'Training photo' ? 'members' : 'controls';
    const match = report.matches.find((one) => one.role === role && one.identity === identity);
    if (match) photos.set(photoKey(match), bytes);
  }
  return { samples, photos };
}
