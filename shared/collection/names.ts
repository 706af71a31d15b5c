/** Tells photos from other files by their name and their first bytes, in folders and archives alike. */
import type { Reason } from './entry.ts';

/** Folders and files that operating systems and network drives leave everywhere. */
const JUNK =
  /^(@eaDir|#recycle|#snapshot|\$RECYCLE\.BIN|lost\+found|System Volume Information|__MACOSX|Thumbs\.db|desktop\.ini|ehthumbs\.db)$/i;
/** Formats that sharp or netpbm read, by content; with the odd endings that browsers and phones write. */
const READABLE = /\.(jpe?g|jpe|jfif|pjpeg|jpg_large|jpg_small|jpg_orig|png|webp|gif|avif|tiff?|pgm|ppm|pnm)$/i;
const UNREADABLE = /\.(heic|heif|bmp|dib|jxl|jp2|j2k|jpx)$/i;
const ARCHIVE = /\.(zip|tar|tgz|gz|7z|rar|rec|parquet)$/i;
const ENDING = /\.[a-z0-9_]{1,9}$/i;

/**
 * Whether a file is a photo: undefined if so, else why not. `head` is the beginning of its content, for names that do
 * not say it.
 */
export function whyNoPhoto(path: string, head?: () => Uint8Array): Reason | undefined {
  const segments = path.split('/');
  if (segments.some((segment) => JUNK.test(segment))) return 'junk';
  if (segments.some((segment) => segment.startsWith('.'))) return 'hidden';
  const file = segments.at(-1) ?? '';
  if (READABLE.test(file)) return undefined;
  if (UNREADABLE.test(file)) return 'format';
  if (ARCHIVE.test(file)) return 'archive';
  // A name without an ending, or with one that is none (`photo.jpg?size=large`), is judged by its content.
  if (ENDING.test(file) || !head) return 'not-a-picture';
  return isPicture(head()) ? undefined : 'not-a-picture';
}

/** Whether bytes begin as a picture that can be read: JPEG, PNG, GIF, WebP, TIFF, AVIF or netpbm. */
export function isPicture(head: Uint8Array): boolean {
  const ascii = String.fromCharCode(...head.subarray(0, 12));
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return true;
  if (ascii.startsWith('\u0089PNG') || ascii.startsWith('GIF8')) return true;
  if (ascii.startsWith('RIFF') && ascii.slice(8) === 'WEBP') return true;
  if (ascii.startsWith('II*\0') || ascii.startsWith('MM\0*')) return true;
  if (ascii.slice(4, 8) === 'ftyp' && /^avi[fs]/.test(ascii.slice(8))) return true;
  return /^P[2356]\s/.test(ascii);
}

/** Names of texts that say who is in the photos beside them. */
const TABLES = /^(metadata\.(csv|jsonl)|labels\.csv|identity_.*\.txt|dataset\.json|people\.(csv|tsv|txt))$/i;

export function isTable(path: string): boolean {
  return TABLES.test(path.slice(path.lastIndexOf('/') + 1)) && path.split('/').length <= 3;
}

/** Whether a member of a tar may say who is in the photo beside it, as in a webdataset. */
export function isSampleText(path: string): boolean {
  return /\.(cls|txt|json)$/i.test(path);
}
