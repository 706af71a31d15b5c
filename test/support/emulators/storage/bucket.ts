import { createHash } from 'node:crypto';
import { CRC32C } from '@google-cloud/storage';
import { Failure } from './failure.ts';

export interface StoredObject {
  readonly name: string;
  readonly generation: number;
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined for objects composed of others, as in Cloud Storage. */
  readonly md5: string | undefined;
  readonly crc32c: string;
  readonly created: Date;
}

/** What an upload says of the object beside its bytes. */
export interface UploadMetadata {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly md5Hash?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface Precondition {
  /** 0: there is none. */
  readonly ifGenerationMatch?: number | undefined;
}

export interface Change {
  readonly type: 'OBJECT_FINALIZE' | 'OBJECT_DELETE';
  readonly object: StoredObject;
  /** The generation that took the other's place. */
  readonly overwrote?: number | undefined;
  readonly overwrittenBy?: number | undefined;
}

/** A bucket in memory, without versioning: what Cloud Storage does to objects, and tells of each change. */
export class Bucket {
  readonly name: string;
  readonly #objects = new Map<string, StoredObject>();
  readonly #onChange: (change: Change) => void;
  #generation = Date.now() * 1000;

  constructor(name: string, onChange: (change: Change) => void) {
    this.name = name;
    this.#onChange = onChange;
  }

  /** @throws Failure 404, also for a generation that is not the current one. */
  get(name: string, generation?: number): StoredObject {
    const found = this.#objects.get(name);
    if (!found || (generation !== undefined && generation !== found.generation)) throw new Failure(404, 'notFound');
    return found;
  }

  put(name: string, bytes: Buffer, upload: UploadMetadata, precondition: Precondition = {}): StoredObject {
    this.check(name, precondition);
    const md5 = createHash('md5').update(bytes).digest('base64');
    if (upload.md5Hash !== undefined && upload.md5Hash !== md5) throw new Failure(400, 'invalid');
    return this.#store(name, bytes, md5, upload);
  }

  compose(name: string, sources: readonly string[], upload: UploadMetadata, precondition: Precondition): StoredObject {
    const bytes = Buffer.concat(sources.map((source) => this.get(source).bytes));
    this.check(name, precondition);
    return this.#store(name, bytes, undefined, upload);
  }

  delete(name: string, precondition: Precondition): void {
    const object = this.get(name);
    this.check(name, precondition);
    this.#objects.delete(name);
    this.#onChange({ type: 'OBJECT_DELETE', object });
  }

  /** At most `limit` objects with this prefix after the name `after`, in order of UTF-8 bytes. */
  list(prefix: string, after: string | undefined, limit: number): StoredObject[] {
    return [...this.#objects.values()]
      .filter(({ name }) => name.startsWith(prefix) && (after === undefined || compare(name, after) > 0))
      .sort((a, b) => compare(a.name, b.name))
      .slice(0, limit);
  }

  /** @throws Failure 412. */
  check(name: string, { ifGenerationMatch }: Precondition): void {
    const current = this.#objects.get(name)?.generation ?? 0;
    if (ifGenerationMatch !== undefined && ifGenerationMatch !== current) throw new Failure(412, 'conditionNotMet');
  }

  #store(name: string, bytes: Buffer, md5: string | undefined, upload: UploadMetadata): StoredObject {
    const { contentType = 'application/octet-stream', contentEncoding, metadata = {} } = upload;
    const crc = new CRC32C();
    crc.update(bytes);
    const generation = Math.max(this.#generation + 1, Date.now() * 1000);
    this.#generation = generation;
    const crc32c = crc.toString();
    const created = new Date();
    const object = { name, generation, bytes, contentType, contentEncoding, metadata, md5, crc32c, created };
    const replaced = this.#objects.get(name);
    this.#objects.set(name, object);
    this.#onChange({ type: 'OBJECT_FINALIZE', object, overwrote: replaced?.generation });
    if (replaced) this.#onChange({ type: 'OBJECT_DELETE', object: replaced, overwrittenBy: generation });
    return object;
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
