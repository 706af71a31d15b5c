/** The server in front of the API: uploads past it, bodies read and limited before it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { RewoundError } from '../shared/errors.ts';
import { problemOf, statusOf } from '../shared/service/http/problem.ts';
import { answerRequest } from './api.ts';

/** No request of the API is longer; files go another way. */
const MOST_BODY = 2 ** 20;

/** Takes a file that is put to an address of this server. */
export type UploadReceiver = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/**
 * The API on a server that does not listen yet. Registered with functions-framework it runs there too, but the framework
 * would read a body of any length, answer one that is not JSON with a page of its own, and take a third of the time of
 * every request (it runs each in a domain of Node's): here bodies are read within a limit, and the function is called.
 */
export function apiServer({ receiveUpload }: { readonly receiveUpload?: UploadReceiver } = {}): Server {
  const server = createServer((request, response) => {
    if (receiveUpload && request.url?.startsWith('/uploads/')) {
      receiveUpload(request, response).catch(() => response.destroy());
      return;
    }
    readBody(request).then(
      (body) => answerRequest(Object.assign(request, { rawBody: body }), response),
      (error) => refuse(request, response, error),
    );
  });
  // Gigabytes over a slow line; a connection that is silent is ended by whoever reads it.
  server.requestTimeout = 0;
  return server;
}

/** The whole body. Throws TOO_LARGE as soon as it is. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY) throw tooLarge();
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    pieces.push(piece);
    length += piece.length;
    if (length > MOST_BODY) throw tooLarge();
  }
  return Buffer.concat(pieces);
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (!(error instanceof RewoundError)) return void response.destroy();
  const problem = problemOf(error, String(request.headers['x-request-id'] ?? ''));
  // The rest of the body is not read: the connection can serve nothing else.
  response.writeHead(statusOf(error.code), { 'content-type': 'application/problem+json', connection: 'close' });
  response.end(JSON.stringify(problem));
}

function tooLarge(): RewoundError {
  return new RewoundError('TOO_LARGE', `The body of the request has more than ${MOST_BODY / 2 ** 20} MiB.`, {
    help: 'Send less at once. Files are put to the addresses that /v1/audits/{audit}/uploads gives.',
  });
}
