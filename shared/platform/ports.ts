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

export interface FileOptions {
  /**
   * What lies under this key is made once and always the same: a copy that is at hand will do, even if the object was
   * deleted since. Not for what people put there and may take away again.
   */
  readonly fixed?: boolean;
}

/** Bytes of an object: `length` of them, one at least, from `start` on; fewer where the object ends before. `start` is within it. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

/** Bytes of an object in a local file. */
export interface FilePart {
  readonly path: string;
  /** Where in the file the part begins. */
  readonly start: number;
}

/** Why something below a prefix is not listed. */
export type Unlisted = 'hidden' | 'unfinished' | 'name' | 'link' | 'special';

/** What is told of everything that is not listed: its name below the prefix, made printable, and why. */
export type OnUnlisted = (name: string, reason: Unlisted) => void;

/**
 * Objects: immutable bytes under a slash-separated key. `names.ts` says which keys are valid (others throw USAGE); a key
 * must not be the beginning of another, as a file cannot be a folder. Hidden names (a dot first, .part, .partial, .tmp,
 * .crdownload last) are no objects: they are never listed or found, and writing one throws USAGE.
 */
export interface Objects {
  /** The object's description, or undefined if there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * The whole content, or a part of it. Throws NOT_FOUND; OBJECT_CHANGED if `generation` is given and is not the current
   * one.
   */
  get(key: string, generation?: string, range?: Range): Promise<Uint8Array>;
  /**
   * Writes all or nothing: a reader never sees a part. Resolves when the object cannot be lost any more.
   * Throws OBJECT_EXISTS, STORAGE_FULL, and USAGE where this platform only reads.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  /**
   * Objects whose key begins with `prefix`, in ascending order of the key's UTF-8 bytes. Not a snapshot. Throws TOO_DEEP,
   * after all the others, where there are files too many folders deep to be objects. `onUnlisted` is called for each
   * file and folder that is no object; of a folder, what is in it is not looked at.
   */
  list(prefix: string, onUnlisted?: OnUnlisted): AsyncIterable<ObjectInfo>;
  /** Succeeds also when there is none. Throws USAGE where this platform only reads. */
  delete(key: string): Promise<void>;
  /**
   * Deletes every object below `folder`, a key without a slash at the end, however many folders deep, and resolves with
   * the keys and sizes of what it deleted. On a disk that includes files that are no objects: hidden and unfinished
   * ones, and those with names too long or too deep for a key. Throws USAGE where this platform only reads.
   */
  clear(folder: string): Promise<readonly Pick<ObjectInfo, 'key' | 'size'>[]>;
  /**
   * Path of a local file with this content, for native code to map. Read-only, and not for keeping: a platform may
   * remove or replace it after the step that asked for it. Throws like `get`.
   */
  file(key: string, generation?: string, options?: FileOptions): Promise<string>;
  /** As `file`, for a part of a large object: on a platform that has to fetch it, nothing else is fetched. */
  part(key: string, range: Range, generation?: string): Promise<FilePart>;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Fields = { readonly [key: string]: Json };

export interface Snapshot {
  readonly path: string;
  readonly fields: Fields;
  /** Changes with every write and never comes back, not even after delete and create; the precondition of `replace`. */
  readonly version: string;
}

export interface ListOptions {
  /** Only documents whose id is greater than this. */
  readonly after?: string;
  readonly limit?: number;
}

/**
 * Records: small JSON documents at `collection/id[/collection/id]`. Paths that are not valid, and a collection's where a
 * document's is needed or the other way round, throw USAGE; fields that are not JSON (NaN, a Date) throw INTERNAL.
 * To run everywhere, keep a document below 1 MB and do not put an array directly into an array.
 */
export interface Records {
  /** True if this call created it, false if it was there already (and is left alone). Exactly one caller ever gets true. */
  create(path: string, fields: Fields): Promise<boolean>;
  get(path: string): Promise<Snapshot | undefined>;
  /** Replaces the document if it is there and its version is still `version`; returns whether it did. */
  replace(path: string, fields: Fields, version: string): Promise<boolean>;
  /** How many documents the collection at `path` holds. */
  count(path: string): Promise<number>;
  /** The collection's own documents, not those below them, in ascending order of the id's UTF-8 bytes. Not a snapshot. */
  list(path: string, options?: ListOptions): AsyncIterable<Snapshot>;
  /** Succeeds also when there is none. Documents below it stay. */
  delete(path: string): Promise<void>;
  /**
   * For erasing. Resolves when nothing that was deleted before, of records or messages, is left in files of this
   * platform (free space, logs), and no message waits that holds one of `texts`, nor is an upload under way to a key that does. Where others keep the files, as
   * Firestore and Pub/Sub do, that is theirs to do, and this does nothing. Throws STORAGE_LOCKED.
   */
  purge(texts: readonly string[]): Promise<void>;
}

/** Events: durable, at least once, in no order. `publish` returns when the message cannot be lost any more. */
export interface Events {
  publish(topic: string, message: Json): Promise<void>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How somebody without any other right puts one object: a PUT of its bytes to `url`, with these headers. */
export interface UploadTicket {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; afterwards the address is worth nothing. */
  readonly expiresAt: number;
}

export interface UploadLimits {
  /** Bytes that will come, exactly. */
  readonly size: number;
  readonly expiresAt: number;
  /**
   * A record's path: once that record exists, the ticket's upload is refused, or removed again. Where addresses lead past
   * this platform, as into Cloud Storage, the object has to be looked for and removed until the ticket has expired.
   */
  readonly unless?: string;
}

/** Uploads by others. A ticket writes its key once, if nothing is there yet, and can do nothing else. */
export interface Uploads {
  ticket(key: string, limits: UploadLimits): Promise<UploadTicket>;
}

/** What every step is given. */
export interface Platform {
  readonly objects: Objects;
  readonly records: Records;
  readonly events: Events;
  readonly clock: Clock;
}
