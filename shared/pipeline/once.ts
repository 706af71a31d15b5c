import { RewoundError } from '../errors.ts';
import type { Platform } from '../platform/ports.ts';

/** The text of an object, or undefined where there is none. */
export async function textOf({ objects }: Pick<Platform, 'objects'>, key: string): Promise<string | undefined> {
  const info = await objects.head(key);
  return info && new TextDecoder().decode(await objects.get(key, info.generation));
}

/** Writes unless it is there: what a step makes is a function of its input, so whoever was first wrote the same. */
export async function putOnce({ objects }: Pick<Platform, 'objects'>, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await objects.put(key, bytes, { ifAbsent: true });
  } catch (error) {
    if (!(error instanceof RewoundError && error.code === 'OBJECT_EXISTS')) throw error;
  }
}
