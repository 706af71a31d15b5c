import type { StoredObject } from './bucket.ts';
import { Failure } from './failure.ts';

/** What the storage server answers to a request. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A Buffer as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** The content of an object, or the part of it that the header Range names. */
export function download(
  { bytes, contentType, contentEncoding, generation, md5, crc32c }: StoredObject,
  range?: string,
): Answer {
  const headers = {
    'content-type': contentType,
    ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
    'x-goog-generation': String(generation),
    'x-goog-hash': [`crc32c=${crc32c}`, ...(md5 === undefined ? [] : [`md5=${md5}`])].join(','),
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(bytes.length),
  };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { headers, body: bytes };
  if (Number(from) >= bytes.length) throw new Failure(416, 'requestedRangeNotSatisfiable');
  const part = bytes.subarray(Number(from), to ? Number(to) + 1 : bytes.length);
  const last = Number(from) + part.length - 1;
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${last}/${bytes.length}` }, body: part };
}
