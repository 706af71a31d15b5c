/** What belongs to a checkpoint and is in files beside it: its card, its recipe, and weights of an ONNX model. */

import { type CheckpointCard, checkpointCardSchema } from '../../checkpoint/spec/card.ts';
import { type Recipe, recipeSchema } from '../../checkpoint/spec/recipe.ts';
import type { ExternalFile } from '../../engine/compute.ts';
import { RewoundError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import type { ObjectInfo } from '../../platform/ports.ts';
import type { Context } from '../base/context.ts';
import { below } from '../base/safe-path.ts';
import type { Settings } from './settings.ts';

/** The card beside the checkpoint, field by field overridden by the project's settings. Throws CARD_INVALID. */
export function checkpointCard(text: string | undefined, { card: given = {} }: Pick<Settings, 'card'>): CheckpointCard {
  const beside = parseJsonFile(checkpointCardSchema, text ?? '{}', 'The card beside the checkpoint');
  return {
    ...beside,
    ...given,
    latent: { ...beside.latent, ...given.latent },
    image: { ...beside.image, ...given.image },
  };
}

/** The recipe beside the checkpoint, if there is one. Throws CARD_INVALID. */
export function checkpointRecipe(text: string | undefined): Recipe | undefined {
  return text === undefined ? undefined : parseJsonFile(recipeSchema, text, 'The recipe beside the checkpoint');
}

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
