/** Reads what was uploaded, only as it was when the audit was planned. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { isErrno, RewoundError } from '../../errors.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from './context.ts';

type Upload = Pick<ObjectInfo, 'key' | 'generation' | 'md5'>;

/**
 * Path of a local file with what was uploaded when the audit was planned, also where the same bytes have been put there
 * again since: an audit that is tried again follows its old plan. Throws like `Objects.file`.
 */
export async function uploadedFile(
  { objects }: Pick<Context, 'objects'>,
  { key, generation, md5 }: Upload,
): Promise<string> {
  try {
    return await objects.file(key, generation);
  } catch (error) {
    if (!(error instanceof RewoundError && error.code === 'OBJECT_CHANGED')) throw error;
    const current = await objects.head(key);
    if (current?.md5 !== md5) throw error;
    return objects.file(key, current.generation);
  }
}

/**
 * The bytes of an upload. The digest is computed and not asked for: on a disk, a file can change without a new time.
 * Throws OBJECT_CHANGED, NOT_FOUND.
 */
export async function uploadedBytes(
  { objects }: Pick<Context, 'objects'>,
  { key, generation, md5 }: Upload,
): Promise<Uint8Array> {
  const bytes = await objects.get(key, generation);
  if (createHash('md5').update(bytes).digest('base64') !== md5) throw changed();
  return bytes;
}

/**
 * Checks that a file which the engine has read holds what was planned. One that is gone by now cannot be compared: a
 * copy that a platform removes again was compared when it was downloaded. Throws OBJECT_CHANGED.
 */
export async function requireUploaded(path: string, md5: string): Promise<void> {
  const hash = createHash('md5');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return;
    throw cause;
  }
  if (hash.digest('base64') !== md5) throw changed();
}

function changed(): RewoundError {
  return new RewoundError('OBJECT_CHANGED', 'A checkpoint or photo is not what it was when the audit was planned.', {
    help: 'Copy the file into the project again if it is damaged, then the checkpoint: what is there then is audited.',
  });
}
