/** Tells apart what people uploaded and what an audit made itself. */
import { RewoundError } from '../../errors.ts';
import { around } from '../../platform/around.ts';
import type { Objects } from '../../platform/ports.ts';

/** Below this, keys are what people uploaded; all else an audit has made itself. */
const THEIRS = 'drop/';

const known = new WeakMap<Objects, Objects>();

/**
 * The same objects, for steps: what an audit has made and cannot be found again is RESULT_INCOMPLETE, which starts it
 * over when its checkpoint comes again, and no fault of whoever uploaded. The same objects each time, because plans are
 * remembered by where they were read.
 */
export function ownObjects(objects: Objects): Objects {
  const guarded =
    known.get(objects) ??
    around(objects, {
      get: (go, key) => made(key, go),
      file: (go, key) => made(key, go),
      part: (go, key) => made(key, go),
    });
  known.set(objects, guarded);
  return guarded;
}

async function made<T>(key: string, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (key.startsWith(THEIRS) || !(error instanceof RewoundError && error.code === 'NOT_FOUND')) throw error;
    throw new RewoundError('RESULT_INCOMPLETE', 'Something that the audit had made was deleted while it ran.', {
      help: 'Put the checkpoint into the project again: the audit starts over. Keep rules of the bucket off work/ and gallery/.',
      cause: error,
    });
  }
}
