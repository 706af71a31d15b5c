/** Writes what a step makes, once. */
import { RewoundError } from '../../errors.ts';
import type { Platform } from '../../platform/ports.ts';

/**
 * Writes unless it is there: what a step makes is a function of its input, so whoever was first wrote the same. Says
 * whether this call was first.
 */
export async function putOnce(
  { objects }: Pick<Platform, 'objects'>,
  key: string,
  bytes: Uint8Array,
): Promise<boolean> {
  try {
    await objects.put(key, bytes, { ifAbsent: true });
    return true;
  } catch (error) {
    if (!(error instanceof RewoundError && error.code === 'OBJECT_EXISTS')) throw error;
    return false;
  }
}
