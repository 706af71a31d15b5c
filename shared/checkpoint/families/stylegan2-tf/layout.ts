/** Converts weights of TensorFlow into the order of PyTorch. */
import type { CheckpointTensor } from '../../formats/tensor.ts';

/**
 * A weight of TensorFlow, [height, width, in, out] or [in, out], in the order of PyTorch: [out, in, height, width] or
 * [out, in]. Flipped, its kernel is turned by half a turn: one that correlates as one that convolves.
 */
export function outputsFirst(tensor: CheckpointTensor, flipped = false): CheckpointTensor {
  const kernel = tensor.shape.slice(0, -2);
  const [inputs = 0, outputs = 0] = tensor.shape.slice(-2);
  const area = kernel.reduce((product, extent) => product * extent, 1);
  const floats = () => {
    const from = tensor.floats();
    const to = new Float32Array(from.length);
    for (let k = 0; k < area; k++) {
      const at = flipped ? area - 1 - k : k;
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++) to[(o * inputs + i) * area + at] = from[(k * inputs + i) * outputs + o]!;
    }
    return to;
  };
  return { type: tensor.type, shape: [outputs, inputs, ...kernel], floats };
}

/** The same values, each one larger. */
export function plusOne(tensor: CheckpointTensor): CheckpointTensor {
  return { type: tensor.type, shape: tensor.shape, floats: () => tensor.floats().map((value) => value + 1) };
}
