/** Computes the mean face of each identity. */
import type { Layout } from '../counts/roster.ts';

/**
 * Everybody's mean face, brought back to length 1.
 *
 * @param embeddings f32 [faces, length], L2-normalised.
 * @returns f32 [identities, length]; 0 where somebody's faces cancel out.
 */
export function centroidsOf(
  embeddings: Float32Array,
  length: number,
  { faceStart }: Pick<Layout, 'faceStart'>,
): Float32Array {
  const identities = faceStart.length - 1;
  const centroids = new Float32Array(identities * length);
  const sum = new Float64Array(length);
  for (let identity = 0; identity < identities; identity++) {
    sum.fill(0);
    for (let face = faceStart[identity]!; face < faceStart[identity + 1]!; face++) {
      for (let i = 0; i < length; i++) sum[i]! += embeddings[face * length + i]!;
    }
    const norm = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
    if (norm > 0) for (let i = 0; i < length; i++) centroids[identity * length + i] = sum[i]! / norm;
  }
  return centroids;
}
