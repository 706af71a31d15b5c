/** The one function that is called by HTTP: the API, on a server that reads and limits bodies before it. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getRequestListener } from '@hono/node-server';
import { RewoundError } from '../shared/errors.ts';
import type { ServiceContext } from '../shared/service/core/context.ts';
import { type ApiOptions, createApi } from '../shared/service/http/app.ts';
import type { Incoming } from '../shared/service/http/env.ts';

/** The name of the one function that is called by people and their programs, not by messages. */
export const API = 'api';

/** The API of a service, registered as a function; what it answers is told to `options`. */
export function openApi(service: ServiceContext, options: ApiOptions = {}): RequestListener {
  // The globals stay Node's own: others in this process use them too.
  const listener = getRequestListener(createApi(service, options).fetch, { overrideGlobalObjects: false });
  const answer = (request: IncomingMessage, response: ServerResponse) => void listener(request, response);
  http(API, answer);
  return answer;
}

/** No request of the API is longer; files go another way. */
const MOST_BODY = 2 ** 20;
/** No request of the API takes longer to arrive, nor its headers alone. */
const BODY_MS = 30_000;
const HEADERS_MS = 15_000;

/** Takes a file that is put to an address of this server. */
export type UploadReceiver = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

export interface ApiServerOptions {
  readonly receiveUpload?: UploadReceiver;
  /** How long a body may take to arrive. */
  readonly bodyMs?: number;
}

/**
 * The API on a server that does not listen yet. Registered with functions-framework it runs there too, but the framework
 * would read a body of any length, answer one that is not JSON with a page of its own, and take a third of the time of
 * every request (it runs each in a domain of Node's): here bodies are read within a limit, and the function is called.
 */
export function apiServer(answer: RequestListener, { receiveUpload, bodyMs = BODY_MS }: ApiServerOptions = {}): Server {
  // A file takes hours over a slow line: what takes it ends a connection that is silent. All else has its limit here.
  const limits = { requestTimeout: 0, headersTimeout: HEADERS_MS };
  return createServer(limits, (request, response) => {
    if (receiveUpload && request.url?.startsWith('/uploads/')) {
      receiveUpload(request, response).catch(() => response.destroy());
      return;
    }
    readBody(request, bodyMs).then(
      // A body that was read is handed on as `rawBody`.
      (rawBody) => answer(Object.assign(request, { rawBody }), response),
      (error) => {
        // Whoever is gone, or too slow, is not answered.
        if (!(error instanceof RewoundError)) return void response.destroy();
        const incoming: Incoming = { refused: error };
        answer(Object.assign(request, incoming), response);
      },
    );
  });
}

/** The whole body. Throws TOO_LARGE as soon as it is; ends the connection of one that takes too long. */
async function readBody(request: IncomingMessage, ms: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY) throw tooLarge();
  const late = setTimeout(() => request.destroy(), ms);
  try {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      pieces.push(piece);
      length += piece.length;
      if (length > MOST_BODY) throw tooLarge();
    }
    return Buffer.concat(pieces);
  } finally {
    clearTimeout(late);
  }
}

function tooLarge(): RewoundError {
  return new RewoundError('TOO_LARGE', `The body of the request has more than ${MOST_BODY / 2 ** 20} MiB.`, {
    help: 'Send less at once. Files are put to the addresses that /v1/audits/{audit}/uploads gives.',
  });
}
