/** Reads a checkpoint of any kind, by its content. */
import { RewoundError } from '../errors.ts';
import { kindOf } from './formats/sniff.ts';
import type { ByteSource } from './formats/source.ts';
import { readOnnxGenerator } from './onnx.ts';
import type { ReadGenerator } from './read-generator.ts';
import type { CheckpointCard } from './spec/card.ts';
import type { Recipe } from './spec/recipe.ts';
import { readWeights } from './weights.ts';

/**
 * Reads a checkpoint of any kind, by its content. No code in it is run.
 *
 * @throws CHECKPOINT_CORRUPT, CHECKPOINT_UNSUPPORTED, CHECKPOINT_UNSAFE, CHECKPOINT_AMBIGUOUS or CARD_INVALID.
 */
export function readGenerator(file: ByteSource, card: CheckpointCard, recipe?: Recipe): ReadGenerator {
  if (kindOf(file) === 'weights') return readWeights(file, card, recipe);
  if (recipe) {
    throw new RewoundError('CARD_INVALID', 'There is a recipe beside an ONNX model, which needs none.', {
      help: 'Remove the recipe, or give it the name of the checkpoint that it describes.',
    });
  }
  const model = file.read(0, file.size);
  const { spec, assumptions, range, summary } = readOnnxGenerator(model, card);
  return {
    spec,
    assumptions,
    range,
    externalFiles: summary.externalFiles,
    contents: { kind: 'model', ...summary },
    build: () => ({ model, weights: [] }),
  };
}
