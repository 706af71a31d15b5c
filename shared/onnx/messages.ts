/** The messages of an ONNX file that can hold a tensor, as a table, and the walk that finds every tensor in them. */
import { RewoundError } from '../errors.ts';
import { type Field, readFields } from './wire.ts';

/**
 * How a field of a message is read. `data` holds no tensor, whatever is in it; `one` and `many` are messages of the
 * named type. A runtime joins the parts of a `one` field that is written twice, so such a file is refused.
 */
type FieldKind = 'data' | { readonly one: MessageName } | { readonly many: MessageName };
type MessageName = 'Model' | 'Training' | 'Function' | 'Graph' | 'Node' | 'Attribute' | 'Tensor' | 'SparseTensor';

const one = (name: MessageName): FieldKind => ({ one: name });
const many = (name: MessageName): FieldKind => ({ many: name });
const data = (...numbers: readonly number[]): Record<number, FieldKind> =>
  Object.fromEntries(numbers.map((number) => [number, 'data']));

/**
 * Every field of onnx.proto (github.com/onnx/onnx, IR version 13) below these messages. A field that is not in this
 * table is refused: a runtime that knows it might find a tensor there, and with it the name of a file.
 */
const MESSAGES: Readonly<Record<MessageName, Readonly<Record<number, FieldKind>>>> = {
  // ir_version, producer_name, producer_version, domain, model_version, doc_string, opset_import, metadata_props, configuration
  Model: { ...data(1, 2, 3, 4, 5, 6, 8, 14, 26), 7: one('Graph'), 20: many('Training'), 25: many('Function') },
  // initialization_binding, update_binding
  Training: { 1: one('Graph'), 2: one('Graph'), ...data(3, 4) },
  // name, since_version and status (of old versions), input, output, attribute, doc_string, opset_import, domain, value_info, overload, metadata_props
  Function: { ...data(1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 14), 7: many('Node'), 11: many('Attribute') },
  // name, doc_string, input, output, value_info, quantization_annotation, metadata_props
  Graph: { 1: many('Node'), ...data(2, 10, 11, 12, 13, 14, 16), 5: many('Tensor'), 15: many('SparseTensor') },
  // input, output, name, op_type, doc_string, domain, overload, metadata_props, device_configurations
  Node: { ...data(1, 2, 3, 4, 6, 7, 8, 9, 10), 5: many('Attribute') },
  // name, f, i, s, floats, ints, strings, doc_string, tp, type_protos, type, ref_attr_name
  Attribute: {
    ...data(1, 2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21),
    5: one('Tensor'),
    6: one('Graph'),
    10: many('Tensor'),
    11: many('Graph'),
    22: one('SparseTensor'),
    23: many('SparseTensor'),
  },
  // dims, data_type, segment, *_data, name, raw_data, doc_string, external_data, data_location, metadata_props
  Tensor: data(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16),
  // values, indices, dims
  SparseTensor: { 1: one('Tensor'), 2: one('Tensor'), ...data(3) },
};

const DEEPEST = 64;

/** A tensor's bytes, and whether it is a weight of the main graph. */
export interface FoundTensor {
  readonly bytes: Uint8Array;
  readonly initializer: boolean;
}

/**
 * Every tensor of a model, wherever the format allows one.
 *
 * @throws CHECKPOINT_CORRUPT for what is no message, CHECKPOINT_UNSUPPORTED for a field the format does not have.
 */
export function* modelTensors(model: Uint8Array): Generator<FoundTensor> {
  yield* walk(model, 'Model', []);
}

function* walk(bytes: Uint8Array, name: MessageName, path: readonly MessageName[]): Generator<FoundTensor> {
  const here = [...path, name];
  if (here.length > DEEPEST) throw corrupt('The ONNX file nests graphs more deeply than any exporter does.');
  // The fields of a tensor are data: there can be millions, and none leads anywhere.
  if (name === 'Tensor') yield { bytes, initializer: path.join() === 'Model,Graph' };
  const seen = new Set<number>();
  for (const field of readFields(bytes)) {
    const kind = MESSAGES[name][field.number];
    if (kind === undefined) throw notUnderstood(name, field);
    if (kind === 'data') continue;
    if (field.wire !== 2) throw corrupt('The ONNX file holds a field of the wrong type.');
    if ('one' in kind && seen.has(field.number)) throw corrupt(`The ONNX file holds a part of a ${name} twice.`);
    seen.add(field.number);
    yield* walk(field.bytes, 'one' in kind ? kind.one : kind.many, here);
  }
}

function notUnderstood(name: MessageName, { number }: Field): RewoundError {
  return new RewoundError(
    'CHECKPOINT_UNSUPPORTED',
    `The ONNX file holds a part that the format does not have (field ${number} of a ${name}).`,
    { help: 'The file may be damaged: copy it again. If it is whole, export it for ONNX IR version 13 or older.' },
  );
}

export function corrupt(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', message, {
    help: 'Export the model again with a standard exporter, and copy all of its files.',
  });
}
