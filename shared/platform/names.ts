/** The rules for keys of objects and paths of records. */
import { RewoundError } from '../errors.ts';

/**
 * The names every platform accepts, so that what works in a folder works in a bucket and the other way round.
 * They are the common part of what file systems, object stores and document stores allow.
 */

/** Longest key in UTF-8 bytes, the limit of object stores; no segment may be longer than a file name. */
export const MAX_KEY = 1024;
const MAX_SEGMENT = 255;
/**
 * Most segments of a key, and most folders that are looked into below a folder on a disk. Photos are a few folders deep;
 * what is deeper by so much is a mistake or an attack, and each further folder makes every access slower.
 */
export const MAX_DEPTH = 64;

/** Names of files that are still being copied or downloaded. */
const UNFINISHED = /\.(part|partial|tmp|crdownload)$/i;

/** Whether a segment may stand in a key at all. */
export function isSegment(segment: string): boolean {
  return (
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    !/[/\\\0\r\n]/.test(segment) &&
    segment.isWellFormed() &&
    Buffer.byteLength(segment) <= MAX_SEGMENT
  );
}

/** Whether a file or folder of this name is no object: hidden (a dot first) or still being written by somebody. */
export function isHidden(segment: string): boolean {
  return segment.startsWith('.') || UNFINISHED.test(segment);
}

/**
 * The segments of an object's key.
 * @throws USAGE if the key is not valid.
 */
export function keySegments(key: string): string[] {
  const segments = key.split('/');
  if (segments.length > MAX_DEPTH || !segments.every(isSegment) || Buffer.byteLength(key) > MAX_KEY) {
    throw new RewoundError('USAGE', 'An object key is not valid.', {
      help: `Use at most ${MAX_KEY} bytes and ${MAX_DEPTH} names joined by single slashes; no name may be "." or "..", hold a backslash, a line break or NUL, or exceed ${MAX_SEGMENT} bytes.`,
    });
  }
  return segments;
}

/**
 * A list prefix as the folder it lies in and the beginning of a name in that folder: `a/b/c` -> `['a','b']`, `c`.
 * @throws USAGE if no valid key can begin so.
 */
export function splitPrefix(prefix: string): { readonly folder: string[]; readonly beginning: string } {
  const slash = prefix.lastIndexOf('/');
  return { folder: slash < 0 ? [] : keySegments(prefix.slice(0, slash)), beginning: prefix.slice(slash + 1) };
}

/**
 * A document's path as its collection and id: `audits/7/shards/probe-1` -> `audits/7/shards`, `probe-1`.
 * @throws USAGE if the path is not valid or names a collection.
 */
export function splitDocumentPath(path: string): { readonly collection: string; readonly id: string } {
  const segments = recordSegments(path);
  if (segments.length % 2 !== 0) throw invalidPath('A path names a collection where a document is needed.');
  const id = segments.pop() ?? '';
  return { collection: segments.join('/'), id };
}

/** @throws USAGE if the path is not valid or names a document. */
export function assertCollectionPath(path: string): void {
  if (recordSegments(path).length % 2 !== 1) {
    throw invalidPath('A path names a document where a collection is needed.');
  }
}

function recordSegments(path: string): string[] {
  const segments = path.split('/');
  // Document stores keep names like __this__ for themselves.
  if (!segments.every((segment) => isSegment(segment) && !/^__.*__$/.test(segment))) {
    throw invalidPath('A record path is not valid.');
  }
  return segments;
}

function invalidPath(message: string): RewoundError {
  return new RewoundError('USAGE', message, {
    help: 'Documents are collection/id[/collection/id], collections collection[/id/collection], without empty names.',
  });
}
