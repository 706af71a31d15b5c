/** Holds the pictures of a page. */
import { html, type Markup } from '../../../markup/escape.ts';
import type { Match } from '../../model.ts';

/** The evidence pictures, as the files' bytes. What is missing is drawn as an empty place that says why. */
export interface Pictures {
  /** Generated pictures (PNG) by seed. */
  readonly samples: ReadonlyMap<number, Uint8Array>;
  /** Gallery photos (JPEG or PNG) by {@link photoKey}. */
  readonly photos: ReadonlyMap<string, Uint8Array>;
  /** Set where the galleries were given as precomputed embeddings, so that no photo was ever seen. */
  readonly embeddingsOnly?: boolean;
}

/** The key of a gallery photo in {@link Pictures}. */
export function photoKey({ role, identity, photo }: Pick<Match, 'role' | 'identity' | 'photo'>): string {
  return `${role}/${identity}/${photo}`;
}

/** The generated face of a match. */
export function samplePicture(match: Match, pictures: Pictures): Markup {
  return picture(
    pictures.samples.get(match.seed),
    match.picture === undefined ? `Generated face, seed ${match.seed}` : `Picture ${match.picture}`,
    'not included',
  );
}

/** The gallery photo of a match. */
export function photoPicture(match: Match, pictures: Pictures): Markup {
  const what = match.role === 'members' ? 'Training photo' : 'Photo never trained on';
  const why = pictures.embeddingsOnly ? 'precomputed embeddings: no photo here' : 'not included';
  return picture(pictures.photos.get(photoKey(match)), `${what} of ${match.identity}`, why);
}

function picture(bytes: Uint8Array | undefined, name: string, absent: string): Markup {
  const kind = bytes === undefined ? null : mediaType(bytes);
  if (bytes === undefined) return emptyFrame(name, absent);
  if (kind === null) return emptyFrame(name, 'not a PNG or JPEG');
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return html`<img class="face" src="data:${kind};base64,${data}" alt="${name}" decoding="async">`;
}

/** By the first bytes, never by a name: only these two kinds may enter the page. */
function mediaType(bytes: Uint8Array): string | null {
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return 'image/png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  return null;
}

function emptyFrame(name: string, why: string): Markup {
  return html`<span class="face absent" role="img" aria-label="${name}: ${why}"><svg viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="40" r="17"/><path d="M18 100c0-22 14-34 32-34s32 12 32 34"/></svg><span>${why}</span></span>`;
}
