/** Describes a generator that was read from a checkpoint, for all families alike. */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import type { Assumption } from '../spec/generator.ts';

/** Inputs a network's part of a graph reads. */
export interface NetworkInputs {
  /** f32 [n, latentSize]. */
  readonly z: Value;
  /** f32 [n, classes], one row in it per sample; null where there are no classes. */
  readonly c: Value | null;
  /** f32 [1]; null where there is no truncation. */
  readonly psi: Value | null;
}

/** A generator read from a checkpoint: what every family of networks gives, and all that a probe needs of it. */
export interface GeneratorNetwork {
  /** For people, e.g. 'StyleGAN2 (NVlabs, skip)'. */
  readonly family: string;
  /** Height and width of the image. */
  readonly resolution: number;
  readonly channels: number;
  readonly latentSize: number;
  /** 0 where the generator knows no classes. */
  readonly classes: number;
  /** What the family's own tool draws latents from. */
  readonly latent: 'normal' | 'uniform';
  readonly hasPsi: boolean;
  /** Values of black and of white in the output. */
  readonly range: readonly [black: number, white: number];
  /** Trained numbers, as the file counts them. */
  readonly parameters: number;
  /** Every statement that the file does not make itself, and where it came from. */
  readonly assumptions: readonly Assumption[];
  /** Adds the network to a graph. Returns the image, f32 [n, channels, resolution, resolution], not rounded. */
  build(graph: GraphBuilder, inputs: NetworkInputs): Value;
}

/** What is left to the one who asks. */
export interface FamilyOptions {
  /** Truncation reaches only this many of the first layers; without it, all. */
  readonly truncationCutoff?: number | undefined;
  /** Noise of StyleGAN2's layers: the constant in the file (default), none, or drawn once from a seed. */
  readonly noise?: 'const' | 'none' | { readonly seed: number } | undefined;
  /** Which network of several; by default G_ema or g_ema. */
  readonly network?: string | undefined;
}
