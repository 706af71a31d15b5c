/** Describes a StyleGAN2 generator, however its file stores it. */
import type { CheckpointTensor } from '../../formats/tensor.ts';
import type { Dense } from '../dense.ts';
import type { Mapping } from '../mapping.ts';

/**
 * StyleGAN2's generator (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020) as data: what
 * every implementation of it says in names of its own. Tensors stay in the file until a graph is built.
 */

/** A trained tensor and the constant it is used times. */
export interface Scaled {
  readonly tensor: CheckpointTensor;
  readonly gain: number;
}

/** What follows a sum and its bias: gain * f(x), then limited to -clamp..clamp. */
export interface Activation {
  readonly kind: 'linear' | 'relu' | 'lrelu';
  readonly gain: number;
  readonly clamp: number | null;
}

/** The filter of a resampling: a plane that sums to 1, or the line of which it is the product with itself. */
export type Filter = Scaled;

/** A plane added to every channel, times a trained strength. */
export interface Noise {
  readonly strength: CheckpointTensor;
  /** [height, width], leading ones allowed; null where the file holds none. */
  readonly constant: CheckpointTensor | null;
}

/** A convolution whose input channels are scaled by a style. */
export interface Styled {
  /** Which of the layers' w it takes, for a truncation that ends somewhere. */
  readonly index: number;
  readonly style: Dense;
  /** On the style itself: an equalised learning rate where the weight has none of its own. */
  readonly styleGain: number;
  /** [out, in, height, width], leading ones allowed. */
  readonly weight: Scaled;
  /** As many values as channels. */
  readonly bias: CheckpointTensor;
  readonly activation: Activation;
}

/** One with demodulation, padded to keep its size. */
export interface StyledConv extends Styled {
  /** Doubles the size; null keeps it. */
  readonly up: Filter | null;
  readonly noise: Noise | null;
}

/** A residual connection: 1x1 convolution without bias, then doubling. */
export interface Shortcut {
  readonly weight: Scaled;
  readonly up: Filter;
}

export interface Block {
  /** Height and width of its output. */
  readonly resolution: number;
  readonly convs: readonly StyledConv[];
  readonly shortcut: Shortcut | null;
  /** 1x1, without demodulation. */
  readonly toRgb: Styled | null;
  /** How the image so far is doubled. */
  readonly up: Filter;
}

export interface Stylegan2 {
  readonly mapping: Mapping;
  /** What the first block starts from: [channels, height, width], leading ones allowed. */
  readonly constant: CheckpointTensor;
  readonly blocks: readonly Block[];
  /** Of the image. */
  readonly channels: number;
}
