/** Gives the noise of each layer of StyleGAN2. */
import { RandomState } from '../../../audit/numbers/random.ts';
import type { FamilyOptions } from '../../formats/generator-network.ts';
import type { Noise } from './architecture.ts';

/** Noise of one layer, its strength included. */
export interface NoisePlane {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Gives the noise of one layer after the other; a layer whose noise has no strength has none. */
export type NoiseSource = (noise: Noise, resolution: number) => NoisePlane | null;

/**
 * 'const' takes the planes in the file. With a seed, and where the file holds none, they are drawn from numpy's
 * RandomState, in the order of the layers: each picture has the same ones, so that a latent stays one picture.
 */
export function noiseSource(choice: NonNullable<FamilyOptions['noise']>): NoiseSource {
  const random = new RandomState(typeof choice === 'object' ? choice.seed : 0);
  return ({ strength, constant }, resolution) => {
    if (choice === 'none') return null;
    const fixed = choice === 'const' && constant ? constant : null;
    const values = fixed ? fixed.floats() : new Float32Array(resolution * resolution);
    // Drawn even where the strength is zero, so that no layer's noise depends on another's.
    if (!fixed) random.randn(values);
    const factor = strength.floats()[0]!;
    if (factor === 0) return null;
    for (let i = 0; i < values.length; i++) values[i]! *= factor;
    return { height: resolution, width: resolution, values };
  };
}
