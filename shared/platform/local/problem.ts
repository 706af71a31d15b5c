/** Answers uploads with problem details. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { ErrorCode } from '../../error-codes.ts';
import type { RewoundError } from '../../errors.ts';

/** How HTTP says it; whatever is not here is ours. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  REQUEST_INVALID: 400,
  SIGNATURE_INVALID: 403,
  OBJECT_EXISTS: 412,
  TOO_LARGE: 413,
  STORAGE_LOCKED: 503,
  STORAGE_FULL: 507,
};

/** Bytes of a refused request that are still read: whoever is in the midst of sending would not hear the answer else. */
const MOST_READ = 4 * 2 ** 20;

/** Answers with an error as problem details (RFC 9457), and ends the connection: nobody waits for the rest of a body. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: RewoundError): void {
  const { code, message, help } = error;
  const status = STATUS[code] ?? 500;
  // What went wrong here is for the log, not for whoever asked.
  const detail = status === 500 ? 'The upload could not be kept.' : message;
  const problem = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail,
    code,
    ...(status < 500 ? { help } : {}),
  };
  const body = Buffer.from(JSON.stringify(problem));
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    connection: 'close',
  });
  let read = 0;
  request.on('data', (piece: Uint8Array) => {
    read += piece.length;
    if (read > MOST_READ) request.destroy();
  });
  // Written at once, ended when the other side has: to close while bytes come in would break the connection over the answer.
  response.write(body);
  request.resume();
  const end = () => response.end();
  if (request.complete) end();
  else request.once('end', end).once('close', end);
}
