import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Precondition, UploadMetadata } from './bucket.ts';
import { Failure } from './failure.ts';

export interface Upload {
  readonly bucket: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly metadata: UploadMetadata;
  readonly precondition: Precondition;
}

const Metadata = z.object({
  name: z.string().optional(),
  contentType: z.string().optional(),
  contentEncoding: z.string().optional(),
  md5Hash: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export function parseMetadata(body: Buffer): z.infer<typeof Metadata> {
  return Metadata.parse(body.length === 0 ? {} : JSON.parse(body.toString()));
}

/** The two parts of a multipart/related body: metadata, and content with its type. */
export function parseMultipart(contentType: string, body: Buffer): { metadata: UploadMetadata; bytes: Buffer } {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType);
  const delimiter = Buffer.from(`--${boundary?.[1] ?? boundary?.[2] ?? ''}`);
  const parts: Array<{ head: string; content: Buffer }> = [];
  for (let at = body.indexOf(delimiter); ; ) {
    const from = at + delimiter.length;
    const next = body.indexOf(delimiter, from);
    if (next < 0) break;
    const split = body.indexOf('\r\n\r\n', from);
    parts.push({ head: body.toString('utf8', from, split), content: body.subarray(split + 4, next - 2) });
    at = next;
  }
  const [first, second] = parts;
  if (!first || !second) throw new Failure(400, 'badRequest');
  const type = /content-type:\s*(\S+)/i.exec(second.head)?.[1];
  return { metadata: { contentType: type, ...parseMetadata(first.content) }, bytes: Buffer.from(second.content) };
}

interface Session {
  readonly target: Omit<Upload, 'bytes'>;
  readonly chunks: Buffer[];
  received: number;
}

export type Progress = { readonly done: Upload } | { readonly received: number };

/** Resumable uploads, https://cloud.google.com/storage/docs/performing-resumable-uploads */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** Returns the id of a new session. */
  start(target: Omit<Upload, 'bytes'>): string {
    const id = randomUUID();
    this.#sessions.set(id, { target, chunks: [], received: 0 });
    return id;
  }

  /** Takes a chunk, or with none says how much has come. `range` is the header Content-Range. */
  take(id: string, range: string | undefined, chunk: Buffer): Progress {
    const session = this.#sessions.get(id);
    if (!session) throw new Failure(404, 'notFound');
    const parsed = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(range ?? `bytes 0-*/${chunk.length}`);
    if (!parsed) throw new Failure(400, 'badRequest');
    const [, from, to, size] = parsed;
    if (from !== undefined && Number(from) !== session.received) throw new Failure(503, 'backendError');
    if (from !== undefined) {
      session.chunks.push(chunk);
      session.received += chunk.length;
    }
    // With `0-*` the chunk is all that is left, however much that is.
    const isComplete = to === '*' || (size !== '*' && Number(size) === session.received);
    if (!isComplete) return { received: session.received };
    return { done: { ...session.target, bytes: Buffer.concat(session.chunks) } };
  }
}
