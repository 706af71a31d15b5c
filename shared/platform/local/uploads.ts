import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RewoundError } from '../../errors.ts';
import type { Clock, Objects, Records, Uploads } from '../ports.ts';
import { checkLimits } from '../upload-limits.ts';
import type { Drafts } from './drafts.ts';
import { exists, fileError } from './file-errors.ts';
import { refuse } from './problem.ts';
import { readToken, writeToken } from './tokens.ts';
import type { Writer } from './writer.ts';

export interface LocalUploadsOptions {
  /** Where this process is reached, without a slash at the end. */
  readonly origin: string;
  /** Seals the tickets: 32 bytes that nobody else knows, for nothing else. */
  readonly tokenKey: Uint8Array;
  readonly drafts: Drafts;
  readonly writer: Writer;
  readonly objects: Pick<Objects, 'delete'>;
  readonly records: Pick<Records, 'get'>;
  readonly clock: Clock;
}

export interface LocalUploads extends Uploads {
  /**
   * Takes what is put to a ticket's address, `/uploads/<token>`, and answers it. Never throws: returns what it answered
   * with if that was an error, for the log; undefined for an upload that was kept, or whose sender is gone. The server's
   * `requestTimeout` must allow for the time that gigabytes take.
   */
  receiveUpload(request: IncomingMessage, response: ServerResponse): Promise<RewoundError | undefined>;
}

/** A connection on which nothing comes for so long is broken. */
const SILENCE_MS = 60_000;

/** Uploads through this process, written as `localObjects` writes. The address itself is the right to use it. */
export function localUploads(options: LocalUploadsOptions): LocalUploads {
  const { origin, tokenKey, drafts, writer, objects, records, clock } = options;

  async function receive(request: IncomingMessage): Promise<void> {
    const token = /^\/uploads\/([\w.-]+)$/.exec(new URL(request.url ?? '/', origin).pathname)?.[1];
    const { key, size, unless } = readToken(tokenKey, token ?? '', clock.now());
    if (request.method !== 'PUT') throw invalid('An upload is a PUT of the bytes.');
    const declared = request.headers['content-length'];
    if (declared !== undefined) checkSize(Number(declared), size);
    const place = writer.place(key);
    await refuseRevoked(unless);
    // Before a byte is read; whether somebody comes first meanwhile, `move` says.
    if (statSync(place.path, { throwIfNoEntry: false })?.isFile()) throw exists();
    const hash = createHash('md5');
    const pieces = exactly(request, size, async (piece) => {
      // With each piece: an upload may take hours.
      await refuseRevoked(unless);
      hash.update(piece);
    });
    const draft = await drafts.receive(pieces);
    try {
      await writer.move(draft, place, { size, md5: hash.digest('base64') }, true);
    } finally {
      // At once, as it may be large: others may go on writing for long.
      drafts.clear();
    }
    // Again, now that it can be seen: what is erased after this is listed, and found.
    try {
      await refuseRevoked(unless);
    } catch (error) {
      await objects.delete(key);
      throw error;
    }
  }

  async function refuseRevoked(unless: string | undefined): Promise<void> {
    if (unless === undefined || !(await records.get(unless))) return;
    throw new RewoundError('SIGNATURE_INVALID', 'The address of an upload is no longer good.', {
      help: 'What it was given out for was erased. Nothing of this upload was kept.',
    });
  }

  return {
    async ticket(key, limits) {
      checkLimits(limits, clock.now());
      writer.place(key);
      const { size, expiresAt, unless } = limits;
      const token = writeToken(tokenKey, { key, size, exp: expiresAt, ...(unless === undefined ? {} : { unless }) });
      const headers = { 'content-type': 'application/octet-stream' };
      return { url: `${origin}/uploads/${token}`, headers, expiresAt };
    },
    async receiveUpload(request, response) {
      request.setTimeout(SILENCE_MS, () => request.destroy());
      try {
        await receive(request);
        response.writeHead(200, { 'content-length': 0 }).end();
        return undefined;
      } catch (thrown) {
        if (request.destroyed && !request.complete) return undefined;
        const error = fileError(thrown);
        refuse(request, response, error);
        return error;
      }
    },
  };
}

/** The request's bytes as they come, and not one more than was said. */
async function* exactly(
  request: IncomingMessage,
  size: number,
  see: (piece: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  // Left open when it is left early: the answer goes over the same connection.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('A request is read as bytes.');
    received += piece.length;
    if (received > size) checkSize(received, size);
    await see(piece);
    yield piece;
  }
  checkSize(received, size);
}

function checkSize(size: number, expected: number): void {
  if (size > expected) {
    throw new RewoundError('TOO_LARGE', 'More bytes come than were announced.', {
      help: 'Ask for an address with the size of the file.',
    });
  }
  if (size < expected) throw invalid('Fewer bytes came than were announced.');
}

function invalid(message: string): RewoundError {
  return new RewoundError('REQUEST_INVALID', message, {
    help: 'Put the whole file to the address, as many bytes as were announced.',
  });
}
