/** Takes uploads through this process. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RewoundError } from '../../errors.ts';
import type { Clock, Objects, Records, Uploads } from '../ports.ts';
import { checkLimits } from '../upload-limits.ts';
import type { Drafts } from './drafts.ts';
import { exists, fileError } from './file-errors.ts';
import { type Incoming, untilAborted } from './incoming.ts';
import { refuse } from './problem.ts';
import { readToken, writeToken } from './tokens.ts';
import type { Located } from './tree.ts';
import type { Writer } from './writer.ts';

export interface LocalUploadsOptions {
  /** Where this process is reached, without a slash at the end. */
  readonly origin: string;
  /** Seals the tickets: 32 bytes that nobody else knows, for nothing else. */
  readonly tokenKey: Uint8Array;
  readonly drafts: Drafts;
  readonly writer: Writer;
  readonly incoming: Incoming;
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

/** What an address lets its holder write. */
interface Granted {
  readonly key: string;
  readonly size: number;
  readonly unless: string | undefined;
  readonly place: Located;
}

/** A connection on which nothing comes for so long is broken. */
const SILENCE_MS = 60_000;

/** Uploads through this process, written as `localObjects` writes. The address itself is the right to use it. */
export function localUploads(options: LocalUploadsOptions): LocalUploads {
  const { origin, tokenKey, drafts, writer, incoming, objects, records, clock } = options;

  async function receive(request: IncomingMessage): Promise<void> {
    const token = /^\/uploads\/([\w.-]+)$/.exec(new URL(request.url ?? '/', origin).pathname)?.[1];
    const { key, size, unless } = readToken(tokenKey, token ?? '', clock.now());
    if (request.method !== 'PUT') throw invalid('An upload is a PUT of the bytes.');
    const declared = request.headers['content-length'];
    if (declared !== undefined) checkSize(Number(declared), size);
    const place = writer.place(key);
    // Before a byte is read; whether somebody comes first meanwhile, `move` says.
    if (statSync(place.path, { throwIfNoEntry: false })?.isFile()) throw exists();
    await incoming.run(key, (signal) => keep(request, { key, size, unless, place }, signal));
  }

  /** Receives the bytes and gives them their place, unless an erasure comes first. */
  async function keep(request: IncomingMessage, { key, size, unless, place }: Granted, signal: AbortSignal) {
    // An erasure that begins from here on breaks this off.
    await refuseRevoked(unless);
    const hash = createHash('md5');
    // Left open when it is left early: the answer goes over the same connection.
    const sent = untilAborted(request.iterator({ destroyOnReturn: false }), signal, revoked);
    const draft = await drafts.receive(exactly(sent, size, (piece) => hash.update(piece)));
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
    if (unless !== undefined && (await records.get(unless))) throw revoked();
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
  pieces: AsyncIterable<unknown>,
  size: number,
  see: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('A request is read as bytes.');
    received += piece.length;
    if (received > size) checkSize(received, size);
    see(piece);
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

function revoked(): RewoundError {
  return new RewoundError('SIGNATURE_INVALID', 'The address of an upload is no longer good.', {
    help: 'What it was given out for was erased. Nothing of this upload was kept.',
  });
}

function invalid(message: string): RewoundError {
  return new RewoundError('REQUEST_INVALID', message, {
    help: 'Put the whole file to the address, as many bytes as were announced.',
  });
}
