/** Downloads objects of Cloud Storage as they are stored. */
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { CreateReadStreamOptions, File } from '@google-cloud/storage';
import { z } from 'zod';
import type { Range } from '../ports.ts';

/**
 * How many listeners a download's body may have. The client's pipeline, its HTTP library's and the one below that each
 * hang a few on the same stream, 11 in all and no more however long it lasts; Node warns of a leak beyond 10.
 */
const LISTENERS = 16;

const Response = z.object({ body: z.instanceof(EventEmitter) });

/** How a download asks for a part: both ends are in it. A part has no digest to check it against. */
export function partOf(range: Range | undefined): Pick<CreateReadStreamOptions, 'start' | 'end' | 'validation'> {
  return range ? { start: range.start, end: range.start + range.length - 1, validation: false } : {};
}

/** The content of an object, as stored. */
export function contentOf(
  file: File,
  options: Pick<CreateReadStreamOptions, 'validation' | 'start' | 'end'> = {},
): Readable {
  return file.createReadStream({ ...options, decompress: false }).on('response', (response: unknown) => {
    Response.safeParse(response).data?.body.setMaxListeners(LISTENERS);
  });
}
