import { MessageWriter } from '../../shared/onnx/wire.ts';

/** ONNX numbers of element types. */
const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, float16: 10, float64: 11 } as const;

/** Name, element type, and shape where the model gives one. */
export type BareValue = readonly [name: string, type: keyof typeof TYPES, dims?: readonly (number | string)[]];

export interface BareModel {
  readonly inputs: readonly BareValue[];
  readonly outputs: readonly BareValue[];
  readonly opset?: number;
  /** Further fields of the graph. */
  readonly graph?: MessageWriter;
}

/** A model that only says what goes in and what comes out: for reading, not for running. */
export function bareModel({ inputs, outputs, opset = 17, graph = new MessageWriter() }: BareModel): Uint8Array {
  for (const value of inputs) graph.message(11, valueInfo(value));
  for (const value of outputs) graph.message(12, valueInfo(value));
  return new MessageWriter().int(1, 8).message(7, graph).message(8, new MessageWriter().int(2, opset)).finish();
}

function valueInfo([name, type, dims]: BareValue): MessageWriter {
  const tensor = new MessageWriter().int(1, TYPES[type]);
  if (dims) {
    const shape = new MessageWriter();
    for (const dim of dims) {
      shape.message(1, typeof dim === 'number' ? new MessageWriter().int(1, dim) : new MessageWriter().string(2, dim));
    }
    tensor.message(2, shape);
  }
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensor));
}
