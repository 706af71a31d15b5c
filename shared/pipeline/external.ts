import { RewoundError } from '../errors.ts';
import type { ObjectInfo } from '../platform/ports.ts';
import type { Context } from './context.ts';
import { below } from './keys.ts';

/** A file of weights beside a checkpoint. */
export interface ExternalObject extends ObjectInfo {
  /** As the model names it. */
  readonly location: string;
}

/**
 * The files an ONNX model keeps its weights in, beside the checkpoint. Throws CHECKPOINT_UNSAFE where one would lie
 * outside the checkpoint's folder, CHECKPOINT_CORRUPT where one is not there.
 */
export function externalFiles(
  { objects }: Pick<Context, 'objects'>,
  checkpoint: string,
  locations: readonly string[],
): Promise<ExternalObject[]> {
  const folder = checkpoint.slice(0, checkpoint.lastIndexOf('/'));
  return Promise.all(
    locations.map(async (location) => {
      const info = await objects.head(below(folder, location));
      if (info) return { ...info, location };
      throw new RewoundError('CHECKPOINT_CORRUPT', `The model keeps weights in ${location}, which is not there.`, {
        help: 'Copy all files of the model into the same folder, the ones with the weights first.',
      });
    }),
  );
}
