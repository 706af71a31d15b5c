/** Seals what Rewound stores with its SHA-256, and checks that seal wherever it is read back. */
import { createHash } from 'node:crypto';
import { RewoundError } from './errors.ts';

/**
 * The value of a field that a file's encoder writes before anything that came from outside; `seal` puts the digest in.
 * The file stays what it was, JSON or safetensors, and carries its own digest to wherever it is copied.
 */
export const UNSEALED = `sha256:${'0'.repeat(64)}`;

const MARK = Buffer.from('sha256:');
const ZEROS = Buffer.from('0'.repeat(64));
/** Bytes hashed at a time: one call takes less than 2 GiB. */
const CHUNK = 2 ** 28;

/** Writes into a file that holds `UNSEALED` the digest it has with that in it. Returns the same bytes. */
export function seal(bytes: Uint8Array): Uint8Array {
  const at = placeOfDigest(bytes);
  if (at === undefined) throw new RangeError('What is to be sealed has no place for its digest.');
  bytes.set(ZEROS, at);
  bytes.set(Buffer.from(digestOf(bytes, at)), at);
  return bytes;
}

/** Whether a sealed file is as it was sealed. */
export function isWhole(bytes: Uint8Array): boolean {
  const at = placeOfDigest(bytes);
  return at !== undefined && Buffer.from(bytes.buffer, bytes.byteOffset + at, 64).toString() === digestOf(bytes, at);
}

/** @throws RESULT_DAMAGED unless a sealed file is as it was sealed. `what` begins the sentence, such as "A shard result". */
export function requireWhole(bytes: Uint8Array, what: string): void {
  if (!isWhole(bytes)) throw damaged(what);
}

/** 32 hex digits that stand for these bytes, for objects that are called by their content. */
export function contentOf(bytes: Uint8Array): string {
  return sha256([bytes]).slice(0, 32);
}

/** @throws RESULT_DAMAGED unless the bytes are those that `content` was made of. */
export function requireContent(bytes: Uint8Array, content: string, what: string): void {
  if (contentOf(bytes) !== content) throw damaged(what);
}

function damaged(what: string): RewoundError {
  return new RewoundError('RESULT_DAMAGED', `${what} is damaged: it is not what Rewound wrote.`, {
    help: 'Run the same command again, or put the checkpoint into the project again: damaged pieces are made again. Check the disk if it happens twice.',
  });
}

/** Where the digest is, or undefined where a file has none. */
function placeOfDigest({ buffer, byteOffset, length }: Uint8Array): number | undefined {
  const at = Buffer.from(buffer, byteOffset, length).indexOf(MARK);
  return at < 0 || at + MARK.length + ZEROS.length > length ? undefined : at + MARK.length;
}

/** The digest of a file as if the one at `at` were zeros, in hex. */
function digestOf(bytes: Uint8Array, at: number): string {
  return sha256([bytes.subarray(0, at), ZEROS, bytes.subarray(at + ZEROS.length)]);
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    for (let at = 0; at < part.length; at += CHUNK) hash.update(part.subarray(at, at + CHUNK));
  }
  return hash.digest('hex');
}
