import { RewoundError } from '../errors.ts';
import type { ModelSummary } from '../onnx/model.ts';
import type { CheckpointCard } from './card.ts';
import type { Assumption, GeneratorSpec } from './generator.ts';
import type { LoadedCheckpoint } from './loaded.ts';
import { readOnnxGenerator } from './onnx.ts';
import type { Recipe } from './recipe.ts';
import { kindOf } from './sniff.ts';
import type { ByteSource } from './source.ts';
import { readWeights } from './weights.ts';

/** What a checkpoint's file holds, for whoever inspects it. */
export type FileContents =
  | ({ readonly kind: 'model' } & ModelSummary)
  | ({
      readonly kind: 'weights';
      readonly family: string;
      readonly resolution: number;
      readonly channels: number;
      readonly classes: number;
    } & Pick<LoadedCheckpoint, 'container' | 'settings' | 'findings'>);

/** A file of weights that belongs to a model. */
export interface ModelWeights {
  /** As the model names it. */
  readonly location: string;
  readonly data: Uint8Array;
}

/** A generator, from whatever file, and how to run it. */
export interface ReadGenerator {
  readonly spec: GeneratorSpec;
  readonly assumptions: readonly Assumption[];
  /** Values of black and of white, as the card says or the family has them; undefined where nobody says. */
  readonly range: readonly [number, number] | undefined;
  /** Files with weights beside the checkpoint, as it names them. */
  readonly externalFiles: readonly string[];
  readonly contents: FileContents;
  /**
   * The generator as an ONNX model. What is built from weights keeps them in its own file where they need at most
   * `within` bytes, else in another; a model that is one already stays as it is, and so do its files.
   */
  build(within: number): { readonly model: Uint8Array; readonly weights: readonly ModelWeights[] };
}

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
