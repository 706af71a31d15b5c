/** Stores objects in a bucket of Cloud Storage. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Bucket } from '@google-cloud/storage';
import { forEachAtOnce } from '../../at-once.ts';
import { RewoundError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { isHidden, keySegments, splitPrefix } from '../names.ts';
import type { FilePart, ObjectInfo, Objects, OnUnlisted, Range } from '../ports.ts';
import { addressOf } from './address.ts';
import type { Cache } from './cache.ts';
import { contentOf, partOf } from './content.ts';
import { googleDigests } from './digests.ts';
import { failureOf, googleError } from './errors.ts';
import { repeated } from './repeat.ts';
import { RESOURCE_FIELDS, type Resource, toPage, toResource, whyUnlisted } from './resource.ts';

export interface GoogleObjectsOptions {
  /** Its client must repeat always (`IdempotencyStrategy.RetryAlways`): `put` knows its own first try again. */
  readonly bucket: Bucket;
  /** The same bucket by a client that never repeats, for downloads: see `repeated`. */
  readonly downloads: Bucket;
  readonly cache: Cache;
}

/** Descriptions of objects that never change, kept in memory. */
const KEPT = 1000;

/** Objects listed by one request, the most that Cloud Storage gives. */
const PAGE = 1000;

/** Objects deleted at the same time by `clear`. */
const DELETED_TOGETHER = 32;

/** From here on an upload is sent in a session that continues after a broken connection, at the price of a request. */
const RESUMABLE = 8 * 2 ** 20;

/** Custom metadata that tells one `put` from every other. */
const WRITER = 'rewound-writer';

/**
 * Objects in a bucket of Cloud Storage. They are taken as stored, also those with `Content-Encoding: gzip`. A bucket
 * with object versioning still gives generations that were replaced, which is harmless; none is needed.
 */
export function googleObjects({ bucket, downloads, cache }: GoogleObjectsOptions): Objects {
  const digests = googleDigests(downloads);

  /** The object's description, or undefined if there is none. */
  async function find(key: string): Promise<Resource | undefined> {
    if (isHiddenKey(key)) return undefined;
    return orMissing(
      bucket
        .file(key)
        .getMetadata({ fields: RESOURCE_FIELDS })
        .then(([found]) => toResource(found)),
    );
  }

  async function describe(resource: Resource): Promise<ObjectInfo | undefined> {
    const { name: key, size, generation } = resource;
    const md5 = await orMissing(digests.md5(resource));
    return md5 === undefined ? undefined : { key, size, generation, md5 };
  }

  /** The description of the generation that was asked for. Throws NOT_FOUND and OBJECT_CHANGED. */
  async function expected(key: string, generation: string | undefined): Promise<Resource> {
    const found = await find(key);
    if (!found) throw notFound(bucket.name, key);
    if (generation !== undefined && generation !== found.generation) throw changed(bucket.name, key);
    return found;
  }

  async function get(key: string, generation: string | undefined, range: Range | undefined): Promise<Uint8Array> {
    if (isHiddenKey(key)) throw notFound(bucket.name, key);
    const source = downloads.file(key, generation === undefined ? {} : { generation });
    const content = await orMissing(repeated(() => buffer(contentOf(source, partOf(range)))));
    if (content) return aligned(content);
    await expected(key, generation);
    // It is there, and still: what was replaced or made between the two requests comes with the next attempt.
    throw changed(bucket.name, key, true);
  }

  async function put(key: string, bytes: Uint8Array, ifAbsent: boolean): Promise<ObjectInfo> {
    if (isHiddenKey(key)) throw hidden();
    const md5 = createHash('md5').update(bytes).digest('base64');
    const writer = randomUUID();
    const file = bucket.file(key);
    try {
      await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
        resumable: bytes.length >= RESUMABLE,
        // The service compares the digest before the object appears; the client would do so afterwards, and delete it.
        validation: false,
        metadata: { md5Hash: md5, metadata: { [WRITER]: writer } },
        ...(ifAbsent ? { preconditionOpts: { ifGenerationMatch: 0 } } : {}),
      });
      return { key, size: bytes.length, generation: toResource(file.metadata).generation, md5 };
    } catch (error) {
      if (!ifAbsent || failureOf(error) !== 'precondition') throw error;
    }
    // The client tries again after a lost answer: then what is in its way is its own first try. The digest would not
    // tell, because the same work done twice gives the same bytes, and only one of the two may have written them.
    const found = await find(key);
    if (found?.metadata?.[WRITER] !== writer) throw exists(bucket.name, key);
    return { key, size: bytes.length, generation: found.generation, md5 };
  }

  async function* list(prefix: string, onUnlisted: OnUnlisted | undefined): AsyncGenerator<ObjectInfo> {
    splitPrefix(prefix);
    for await (const item of resources(prefix)) {
      const unlisted = whyUnlisted(item.name);
      if (unlisted) onUnlisted?.(printable(item.name.slice(prefix.length)), unlisted);
      const info = unlisted ? undefined : await describe(item);
      if (info) yield info;
    }
  }

  async function clear(folder: string): Promise<Pick<ObjectInfo, 'key' | 'size'>[]> {
    const found: Pick<ObjectInfo, 'key' | 'size'>[] = [];
    for await (const { name: key, size } of resources(`${folder}/`)) found.push({ key, size });
    await forEachAtOnce(found, DELETED_TOGETHER, ({ key }) => bucket.file(key).delete({ ignoreNotFound: true }));
    return found;
  }

  async function* resources(prefix: string): AsyncGenerator<Resource> {
    for (let pageToken: string | undefined; ; ) {
      const [, , response] = await bucket.getFiles({
        ...(prefix === '' ? {} : { prefix }),
        ...(pageToken === undefined ? {} : { pageToken }),
        maxResults: PAGE,
        fields: `items(${RESOURCE_FIELDS}),nextPageToken`,
        autoPaginate: false,
      });
      const { items, nextPageToken } = toPage(response);
      yield* items;
      if (nextPageToken === undefined) return;
      pageToken = nextPageToken;
    }
  }

  /** What was found under the keys of objects that never change. */
  const fixed = new Map<string, Resource>();

  async function file(key: string, generation: string | undefined, isFixed: boolean): Promise<string> {
    // Asked each time but for those, so that what its owner deleted is not given out of the cache.
    const found = (isFixed ? fixed.get(key) : undefined) ?? (await expected(key, generation));
    if (isFixed) keep(key, found);
    const source = downloads.file(key, { generation: found.generation });
    // Native MD5 is five times as fast as the client's CRC32C, which composite objects need.
    const validation = found.md5Hash === undefined ? 'crc32c' : 'md5';
    const path = await orMissing(
      cache.file({
        id: [bucket.name, found.generation, key].join('/'),
        size: found.size,
        fill: (to) =>
          repeated(() =>
            pipeline(contentOf(source, { validation }), createWriteStream(to, { flags: 'w', mode: 0o600 })),
          ),
      }),
    );
    if (path !== undefined) return path;
    fixed.delete(key);
    throw changed(bucket.name, key);
  }

  async function part(key: string, { start, length }: Range, generation: string | undefined): Promise<FilePart> {
    const found = await expected(key, generation);
    const size = Math.max(0, Math.min(length, found.size - start));
    const source = downloads.file(key, { generation: found.generation });
    const path = await orMissing(
      cache.file({
        id: [bucket.name, found.generation, start, size, key].join('/'),
        size,
        fill: (to) =>
          repeated(() =>
            pipeline(
              contentOf(source, partOf({ start, length: size })),
              createWriteStream(to, { flags: 'w', mode: 0o600 }),
            ),
          ),
      }),
    );
    if (path === undefined) throw changed(bucket.name, key);
    return { path, start: 0 };
  }

  function keep(key: string, found: Resource): void {
    fixed.set(key, found);
    for (const oldest of fixed.keys()) if (fixed.size > KEPT) fixed.delete(oldest);
  }

  async function guard<T>(key: string, work: () => Promise<T>): Promise<T> {
    keySegments(key);
    try {
      return await work();
    } catch (error) {
      throw googleError(error, addressOf(bucket.name, key));
    }
  }

  return {
    head: (key) =>
      guard(key, async () => {
        const found = await find(key);
        return found && (await describe(found));
      }),
    get: (key, generation, range) => guard(key, () => get(key, generation, range)),
    put: (key, bytes, { ifAbsent = false } = {}) => guard(key, () => put(key, bytes, ifAbsent)),
    async *list(prefix, onUnlisted) {
      try {
        yield* list(prefix, onUnlisted);
      } catch (error) {
        throw googleError(error, addressOf(bucket.name, prefix));
      }
    },
    delete: (key) =>
      guard(key, async () => void (isHiddenKey(key) || (await bucket.file(key).delete({ ignoreNotFound: true })))),
    clear: (folder) => guard(folder, () => clear(folder)),
    file: (key, generation, options) => guard(key, () => file(key, generation, options?.fixed ?? false)),
    part: (key, range, generation) => guard(key, () => part(key, range, generation)),
  };
}

function isHiddenKey(key: string): boolean {
  return key.split('/').some(isHidden);
}

/** The result, or undefined if the object was not there. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (failureOf(error) === 'missing') return undefined;
    throw error;
  }
}

/** Bytes that can be viewed as numbers: a Buffer may begin anywhere in a pool. */
function aligned({ buffer, byteOffset, length }: Buffer): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, length);
  return byteOffset % 8 === 0 ? bytes : bytes.slice();
}

function notFound(bucket: string, key: string): RewoundError {
  return new RewoundError('NOT_FOUND', `An object at ${addressOf(bucket, key)} does not exist.`, {
    help: 'Check the key; it may have been deleted or moved.',
  });
}

function changed(bucket: string, key: string, transient = false): RewoundError {
  return new RewoundError(
    'OBJECT_CHANGED',
    `An object at ${addressOf(bucket, key)} was replaced while it was in use.`,
    {
      help: 'Start again with the new one.',
      transient,
    },
  );
}

function exists(bucket: string, key: string): RewoundError {
  return new RewoundError('OBJECT_EXISTS', `An object at ${addressOf(bucket, key)} exists already.`, {
    help: 'Delete it first, or take the one that is there.',
  });
}

function hidden(): RewoundError {
  return new RewoundError('USAGE', 'An object of this name would be hidden.', {
    help: 'Use names that neither begin with a dot nor end in .part, .partial, .tmp or .crdownload.',
  });
}
