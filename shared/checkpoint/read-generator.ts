/** A generator as it was read from a checkpoint of any kind. */
import type { ModelSummary } from '../onnx/model.ts';
import type { LoadedCheckpoint } from './formats/loaded.ts';
import type { Assumption, GeneratorSpec } from './spec/generator.ts';

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
