import { createHash, type KeyObject, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from './failure.ts';
import type { Upload } from './uploads.ts';

interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const SIGNATURE = 'X-Goog-Signature';

export function isSigned(url: URL): boolean {
  return url.searchParams.has(SIGNATURE);
}

/**
 * A PUT to a signed address, https://cloud.google.com/storage/docs/authentication/signatures, as an upload. Checks
 * signature, time and size; the precondition is the bucket's matter.
 */
export function signedUpload(request: SignedRequest, signer: KeyObject | undefined, now: number): Upload {
  const { method, url, headers, body } = request;
  if (!signer || !isGenuine(request, signer)) throw new Failure(403, 'SignatureDoesNotMatch');
  const [from, seconds] = [url.searchParams.get('X-Goog-Date') ?? '', Number(url.searchParams.get('X-Goog-Expires'))];
  const date = Date.parse(from.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(now < date + seconds * 1000)) throw new Failure(403, 'ExpiredToken');
  if (method !== 'PUT') throw new Failure(400, 'InvalidRequest');
  const [least, most] = String(headers['x-goog-content-length-range'] ?? `0,${body.length}`)
    .split(',')
    .map(Number);
  if (body.length < least!) throw new Failure(400, 'EntityTooSmall');
  if (body.length > most!) throw new Failure(400, 'EntityTooLarge');
  const [, bucket = '', ...name] = url.pathname.split('/');
  const match = headers['x-goog-if-generation-match'];
  return {
    bucket,
    name: decodeURIComponent(name.join('/')),
    bytes: body,
    metadata: { contentType: headers['content-type'] },
    precondition: match === undefined ? {} : { ifGenerationMatch: Number(match) },
  };
}

/** Whether the address was signed for this method, path and these headers, by whoever has the key. */
function isGenuine({ method, url, headers }: SignedRequest, signer: KeyObject): boolean {
  const query = new URLSearchParams(url.searchParams);
  const signature = Buffer.from(query.get(SIGNATURE) ?? '', 'hex');
  query.delete(SIGNATURE);
  const parameters = [...query]
    .map((pair) => pair.map((text) => encodeURIComponent(text)) as [string, string])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const signed = query.get('X-Goog-SignedHeaders') ?? '';
  const values = signed.split(';').map((name) => `${name}:${name === 'host' ? url.hostname : headers[name]}\n`);
  // Headers of Cloud Storage count whether or not the address names them.
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-goog-') && !signed.includes(name));
  if (unsigned.length > 0) return false;
  const canonical = [method, url.pathname, parameters, values.join(''), signed, 'UNSIGNED-PAYLOAD'].join('\n');
  const [date, credential] = [query.get('X-Goog-Date') ?? '', query.get('X-Goog-Credential') ?? ''];
  const scope = credential.slice(credential.indexOf('/') + 1);
  const digest = createHash('sha256').update(canonical).digest('hex');
  return verify('RSA-SHA256', Buffer.from(['GOOG4-RSA-SHA256', date, scope, digest].join('\n')), signer, signature);
}
