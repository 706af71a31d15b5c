import { RewoundError } from '../errors.ts';
import type { ObjectInfo } from '../platform/ports.ts';
import type { Context } from './context.ts';

/**
 * Path of a local file with what was uploaded when the audit was planned, also where the same bytes have been put there
 * again since: an audit that is tried again follows its old plan. Throws like `Objects.file`.
 */
export async function uploadedFile(
  { objects }: Pick<Context, 'objects'>,
  { key, generation, md5 }: Pick<ObjectInfo, 'key' | 'generation' | 'md5'>,
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
