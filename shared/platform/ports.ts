/**
 * What Rewound needs of the world, and nothing more. `local/` implements it with a folder and SQLite;
 * a cloud adapter with a bucket, documents and topics. Every implementation passes `test/contract`.
 */

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the object's content is replaced. */
  readonly generation: string;
  /** MD5 of the content, base64: the digest object stores give for free. */
  readonly md5: string;
}

export interface PutOptions {
  /** Write only if no object has this key; otherwise throw OBJECT_EXISTS and change nothing. */
  readonly ifAbsent?: boolean;
}

/** Objects: immutable bytes under a slash-separated key. */
export interface Objects {
  /** The object's description, or undefined if there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** The whole content. Throws NOT_FOUND; OBJECT_CHANGED if `generation` is given and is not the current one. */
  get(key: string, generation?: string): Promise<Uint8Array>;
  /** Writes all or nothing: a reader never sees a part. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  /** Objects whose key begins with `prefix`, in ascending order of the key's UTF-8 bytes. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** Succeeds also when there is none. */
  delete(key: string): Promise<void>;
  /** Path of a local file with this content, for native code to map. Read-only. Throws like `get`. */
  file(key: string, generation?: string): Promise<string>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Fields = { readonly [key: string]: Json };

export interface Snapshot {
  readonly path: string;
  readonly fields: Fields;
  /** Changes with every write; the precondition of `replace`. */
  readonly version: string;
}

export interface ListOptions {
  /** Only documents whose id is greater than this. */
  readonly after?: string;
  readonly limit?: number;
}

/** Records: small JSON documents at `collection/id[/collection/id]`. */
export interface Records {
  /** True if this call created it, false if it was there already (and is left alone). Exactly one caller ever gets true. */
  create(path: string, fields: Fields): Promise<boolean>;
  get(path: string): Promise<Snapshot | undefined>;
  /** Replaces the document if its version is still `version`; returns whether it did. */
  replace(path: string, fields: Fields, version: string): Promise<boolean>;
  /** How many documents the collection at `path` holds. */
  count(path: string): Promise<number>;
  /** The collection's documents in ascending order of id. */
  list(path: string, options?: ListOptions): AsyncIterable<Snapshot>;
  /** Succeeds also when there is none. Documents below it stay. */
  delete(path: string): Promise<void>;
}

/** Events: durable, at least once, in no order. `publish` returns when the message cannot be lost any more. */
export interface Events {
  publish(topic: string, message: Json): Promise<void>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What every step is given. */
export interface Platform {
  readonly objects: Objects;
  readonly records: Records;
  readonly events: Events;
  readonly clock: Clock;
}
