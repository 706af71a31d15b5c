import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { ZodError, z } from 'zod';
import { Bucket, type Precondition, type StoredObject } from './bucket.ts';
import { type Answer, download } from './download.ts';
import { Failure } from './failure.ts';
import { Notifications, type Publish } from './notifications.ts';
import { toResource } from './resource.ts';
import { isSigned, signedUpload } from './signed.ts';
import { parseMetadata, parseMultipart, Sessions, type Upload } from './uploads.ts';

export interface StorageServerOptions {
  /** Where bucket notifications go; nowhere if nothing is said. */
  readonly publish?: Publish;
  /** The public key of whoever may sign addresses; without, no signed address is good. */
  readonly signer?: KeyObject;
  /** By which signed addresses expire, in milliseconds. */
  readonly now?: () => number;
}

export interface StorageServer {
  /** `http://127.0.0.1:port`, the value for STORAGE_EMULATOR_HOST. */
  readonly origin: string;
  /** Does the next `count` requests of this method, but answers that the service is not available. */
  loseAnswers(method: string, count: number): void;
  /** From now on, answers every request for this bucket with this status and reason; with none, works again. */
  refuse(bucket: string, refusal: { readonly status: number; readonly reason: string } | undefined): void;
  /** Breaks the connection in the middle of the next `count` downloads. */
  breakDownloads(count: number): void;
  /** Requests so far, as `GET /b/…/o`. */
  readonly requests: string[];
  close(): Promise<void>;
}

interface Store {
  readonly bucket: Bucket;
  readonly notifications: Notifications;
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * A server that speaks as much of the Cloud Storage JSON API as the client uses: https://cloud.google.com/storage/docs/json_api.
 * Objects lie in memory; a bucket is there as soon as it is named.
 */
export async function startStorage(options: StorageServerOptions = {}): Promise<StorageServer> {
  const { publish = async () => {}, signer, now = Date.now } = options;
  const stores = new Map<string, Store>();
  const sessions = new Sessions();
  /** What a finished upload session goes on answering. */
  const finished = new Map<string, Answer>();
  const requests: string[] = [];
  const lost = new Map<string, number>();
  const refusals = new Map<string, Failure>();
  let broken = 0;

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;

  function store(name: string): Store {
    let found = stores.get(name);
    if (!found) {
      const notifications = new Notifications(name, publish);
      const bucket = new Bucket(name, (change) => notifications.tell(change, resource(bucket, change.object)));
      found = { bucket, notifications };
      stores.set(name, found);
    }
    return found;
  }

  function resource({ name }: Bucket, object: StoredObject) {
    return toResource(origin, name, object);
  }

  function finish({ bucket: name, name: key, bytes, metadata, precondition }: Upload): Answer {
    const { bucket } = store(name);
    return { body: resource(bucket, bucket.put(key, bytes, metadata, precondition)) };
  }

  /** POST and PUT /upload/storage/v1/b/BUCKET/o */
  function upload(bucket: string, { method, url, headers, body }: Request): Answer {
    const session = url.searchParams.get('upload_id');
    if (method === 'PUT' && session !== null) {
      const answered = finished.get(session);
      if (answered) return answered;
      const progress = sessions.take(session, headers['content-range'], body);
      if ('done' in progress) {
        const answer = finish(progress.done);
        finished.set(session, answer);
        return answer;
      }
      return { status: 308, headers: progress.received > 0 ? { range: `bytes=0-${progress.received - 1}` } : {} };
    }
    const target = { bucket, name: url.searchParams.get('name') ?? '', precondition: precondition(url) };
    switch (url.searchParams.get('uploadType')) {
      case 'resumable': {
        const metadata = { contentType: text(headers['x-upload-content-type']), ...parseMetadata(body) };
        const name = target.name === '' ? (metadata.name ?? '') : target.name;
        store(bucket).bucket.check(name, target.precondition);
        const location = new URL(url);
        location.searchParams.set('upload_id', sessions.start({ ...target, name, metadata }));
        return { headers: { location: location.href } };
      }
      case 'multipart':
        return finish({ ...target, ...parseMultipart(headers['content-type'] ?? '', body) });
      default:
        return finish({ ...target, bytes: body, metadata: { contentType: headers['content-type'] } });
    }
  }

  /** Everything below /b/BUCKET. */
  function route(request: Request): Answer {
    const { method, url, headers, body } = request;
    if (isSigned(url)) {
      const { bucket, ...upload } = signedUpload(request, signer, now());
      store(bucket).bucket.put(upload.name, upload.bytes, upload.metadata, upload.precondition);
      return {};
    }
    const [, uploading, bucketName, kind, keyPart, verb] =
      /^(\/upload)?(?:\/storage\/v1)?\/b\/([^/]+)(?:\/(o|notificationConfigs)(?:\/([^/]+)(?:\/(\w+))?)?)?$/.exec(
        url.pathname,
      ) ?? [];
    if (bucketName === undefined) throw new Failure(404, 'notFound');
    const refusal = refusals.get(bucketName);
    if (refusal) throw refusal;
    if (uploading) return upload(bucketName, request);
    const { bucket, notifications } = store(bucketName);
    const key = keyPart === undefined ? undefined : decodeURIComponent(keyPart);
    const generation = number(url, 'generation');
    if (kind === 'notificationConfigs') {
      return { body: method === 'POST' ? notifications.add(body) : notifications.list() };
    }
    if (kind === undefined) return { body: { kind: 'storage#bucket', name: bucketName } };
    if (key === undefined) return { body: list(bucket, url) };
    if (method === 'POST' && verb === 'compose') return { body: compose(bucket, key, request) };
    if (method === 'DELETE') {
      bucket.delete(key, precondition(url));
      return { status: 204 };
    }
    const object = bucket.get(key, generation);
    if (url.searchParams.get('alt') !== 'media') return { body: resource(bucket, object) };
    return download(object, headers.range);
  }

  function list(bucket: Bucket, { searchParams }: URL): unknown {
    const limit = Number(searchParams.get('maxResults') ?? 1000);
    const token = searchParams.get('pageToken');
    const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
    const found = bucket.list(searchParams.get('prefix') ?? '', after, limit + 1);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return {
      kind: 'storage#objects',
      items: found.slice(0, limit).map((object) => resource(bucket, object)),
      nextPageToken: last && Buffer.from(last.name).toString('base64url'),
    };
  }

  function compose(bucket: Bucket, key: string, { url, body }: Request): unknown {
    const { sourceObjects, destination } = Compose.parse(JSON.parse(body.toString()));
    const sources = sourceObjects.map(({ name }) => name);
    return resource(bucket, bucket.compose(key, sources, destination ?? {}, precondition(url)));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', origin);
    requests.push(`${method} ${url.pathname}`);
    let answer: Answer;
    try {
      answer = route({ method, url, headers, body: await buffer(request) });
      const left = lost.get(method) ?? 0;
      if (left > 0) {
        lost.set(method, left - 1);
        throw new Failure(503, 'backendError');
      }
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure(error instanceof ZodError ? 400 : 501, 'bad');
      answer = { status: failure.status, body: failure.body() };
    }
    const { status = 200, body } = answer;
    const isRaw = Buffer.isBuffer(body) || body === undefined;
    const bytes = isRaw ? body : JSON.stringify(body);
    if (Buffer.isBuffer(body) && broken > 0) {
      broken--;
      response.writeHead(status, { ...answer.headers, 'content-length': String(body.length) });
      response.write(body.subarray(0, body.length / 2), () => request.socket.destroy());
      return;
    }
    response.writeHead(status, { ...(isRaw ? {} : { 'content-type': 'application/json' }), ...answer.headers });
    response.end(bytes);
  }

  return {
    origin,
    requests,
    loseAnswers: (method, count) => void lost.set(method, count),
    refuse(bucket, refusal) {
      if (refusal) refusals.set(bucket, new Failure(refusal.status, refusal.reason));
      else refusals.delete(bucket);
    },
    breakDownloads(count) {
      broken = count;
    },
    async close() {
      await Promise.all([...stores.values()].map(({ notifications }) => notifications.settled()));
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const Compose = z.object({
  sourceObjects: z.array(z.object({ name: z.string() })),
  destination: z.object({ contentType: z.string().optional() }).optional(),
});

function precondition(url: URL): Precondition {
  return { ifGenerationMatch: number(url, 'ifGenerationMatch') };
}

function number({ searchParams }: URL, name: string): number | undefined {
  const value = searchParams.get(name);
  return value === null ? undefined : Number(value);
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
