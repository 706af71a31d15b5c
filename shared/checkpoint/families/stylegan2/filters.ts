/** Computes the resampling filter of the published StyleGAN2 networks. */
import type { CheckpointTensor } from '../../formats/tensor.ts';

/** [1, 3, 3, 1] times itself, summing to 1: the filter of all published StyleGAN2 networks. */
export const DEFAULT_FILTER: CheckpointTensor = {
  type: 'float32',
  shape: [4, 4],
  floats: () => {
    const taps = [1, 3, 3, 1];
    return Float32Array.from({ length: 16 }, (_, i) => (taps[i >> 2]! * taps[i & 3]!) / 64);
  },
};
