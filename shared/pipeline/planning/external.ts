import type { ExternalFile } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { below } from '../base/safe-path.ts';

/** A file of weights beside an ONNX model. */
export interface ExternalObject extends ObjectInfo {
  /** As the model names it. */
  readonly location: string;
}

/** Files of weights as the engine takes them: by the paths of local copies. */
export function localFiles(
  { objects }: Pick<Context, 'objects'>,
  files: readonly Pick<ExternalObject, 'location' | 'key' | 'generation'>[],
): Promise<ExternalFile[]> {
  return Promise.all(
    files.map(async ({ location, key, generation }) => ({ location, path: await objects.file(key, generation) })),
  );
}

/**
 * The files an ONNX model keeps its weights in, beside it. Throws CHECKPOINT_UNSAFE where one would lie outside the
 * model's folder, CHECKPOINT_CORRUPT where one is not there.
 */
export function externalFiles(
  { objects }: Pick<Context, 'objects'>,
  model: string,
  locations: readonly string[],
): Promise<ExternalObject[]> {
  const folder = model.slice(0, model.lastIndexOf('/'));
  return Promise.all(
    locations.map(async (location) => {
      const info = await objects.head(below(folder, location));
      if (info) return { ...info, location };
      throw new RewoundError('CHECKPOINT_CORRUPT', `The model keeps weights in ${location}, which is not beside it.`, {
        help: 'Copy all files of the model into the same folder, the ones with the weights first. A symbolic link that leads out of the folder is not followed: "cp -L" copies what it leads to.',
      });
    }),
  );
}
