/** Describes a tensor in a checkpoint. */

export type TensorType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64';

/** A tensor in a checkpoint. Where its bytes lie is nobody's business but the reader's. */
export interface CheckpointTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  /**
   * Its values as float32, row by row, whatever the strides in the file: a copy, read from the file at each call.
   *
   * @throws CHECKPOINT_CORRUPT where a value is NaN or infinite.
   */
  floats(): Float32Array;
}

/** Named tensors, as torch calls a state dict. */
export type StateDict = ReadonlyMap<string, CheckpointTensor>;
