/** Draws the latents of samples from their seeds, as numpy does. */
import { RewoundError } from '../../errors.ts';
import { checkSeed, RandomState } from '../numbers/random.ts';

/** What a generator's input is drawn from. */
export interface LatentLaw {
  readonly distribution: 'normal' | 'uniform';
  /** Bounds of the uniform distribution; null for the normal one. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The latents of `count` samples in a row: row i is `numpy.random.RandomState(seed + i)`'s `randn(size)`, or its
 * `uniform(low, high, size)`, as float32.
 *
 * @returns float32 [count, size], row by row.
 * @throws USAGE if a seed leaves 0..2^32-1, or a uniform law lacks its bounds.
 */
export function latents(law: LatentLaw, seed: number, count: number, size: number): Float32Array {
  const out = new Float32Array(count * size);
  if (count === 0) return out;
  checkSeed(seed);
  checkSeed(seed + count - 1);
  const bounds = law.distribution === 'uniform' ? uniformBounds(law) : undefined;
  const random = new RandomState(seed);
  for (let i = 0; i < count; i++) {
    if (i > 0) random.reseed(seed + i);
    const row = out.subarray(i * size, (i + 1) * size);
    if (bounds) random.uniform(bounds.low, bounds.high, row);
    else random.randn(row);
  }
  return out;
}

function uniformBounds({ low, high }: LatentLaw): { low: number; high: number } {
  if (low !== null && high !== null && Number.isFinite(low) && Number.isFinite(high) && low < high) {
    return { low, high };
  }
  throw new RewoundError('USAGE', `A uniform latent between ${low} and ${high} cannot be drawn.`, {
    help: 'Give two finite bounds, the lower first, for instance uniform:-1:1.',
  });
}
