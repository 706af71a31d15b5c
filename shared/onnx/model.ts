import { RewoundError } from '../errors.ts';
import { type Field, integers, MessageWriter, readFields, text } from './wire.ts';

/**
 * Reads what Rewound must know of somebody's ONNX model, and appends to it, without running or copying its weights.
 * Field numbers are those of onnx.proto.
 */

/** TensorProto.DataType names by number, as far as inputs and outputs of generators and recognizers use them. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

export interface TensorSignature {
  readonly name: string;
  readonly type: string;
  /** Undefined where the model gives no shape; an extent is a number, or a name where it is free. */
  readonly dims?: readonly (number | string)[];
}

export interface ModelSummary {
  readonly producer: string;
  readonly irVersion: number;
  /** Operator set versions by domain; '' is the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Inputs the caller must give, in order. Weights are not among them. */
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** Number of weight values. */
  readonly parameters: number;
  /** Files with weights, relative to the model's folder, as the model names them. */
  readonly externalFiles: readonly string[];
  readonly nodes: number;
}

const help = 'Export the model again with a standard exporter, and copy all of its files.';

function corrupt(message: string): RewoundError {
  return new RewoundError('CHECKPOINT_CORRUPT', message, { help });
}

function bytesOf(field: Field): Uint8Array {
  if (field.wire !== 2) throw corrupt('The ONNX file holds a field of the wrong type.');
  return field.bytes;
}

function intOf(field: Field): number {
  if (field.wire !== 0) throw corrupt('The ONNX file holds a field of the wrong type.');
  return Number(field.value);
}

function readSignature(bytes: Uint8Array): TensorSignature {
  let name = '';
  let type = 'unknown';
  let dims: (number | string)[] | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = text(bytesOf(field));
    if (field.number !== 2) continue;
    for (const kind of readFields(bytesOf(field))) {
      if (kind.number !== 1) continue;
      for (const part of readFields(bytesOf(kind))) {
        if (part.number === 1) type = TYPE_NAMES[intOf(part)] ?? `type ${intOf(part)}`;
        if (part.number === 2) dims = [...readFields(bytesOf(part))].map(readDimension);
      }
    }
  }
  return dims ? { name, type, dims } : { name, type };
}

function readDimension(field: Field): number | string {
  for (const part of readFields(bytesOf(field))) {
    if (part.number === 1) return intOf(part);
    if (part.number === 2) return text(bytesOf(part));
  }
  return '?';
}

interface TensorFacts {
  name: string;
  values: number;
  location?: string;
}

function readTensor(bytes: Uint8Array): TensorFacts {
  const facts: TensorFacts = { name: '', values: 1 };
  for (const field of readFields(bytes)) {
    if (field.number === 1) for (const dim of integers(field)) facts.values *= Number(dim);
    if (field.number === 8) facts.name = text(bytesOf(field));
    if (field.number !== 13) continue;
    const entry = { key: '', value: '' };
    for (const part of readFields(bytesOf(field))) {
      if (part.number === 1) entry.key = text(bytesOf(part));
      if (part.number === 2) entry.value = text(bytesOf(part));
    }
    if (entry.key === 'location') facts.location = entry.value;
  }
  return facts;
}

/** A sparse tensor is two tensors: its values and their places. */
function* sparseTensors(bytes: Uint8Array): Generator<TensorFacts> {
  for (const field of readFields(bytes)) if (field.number === 1 || field.number === 2) yield readTensor(bytesOf(field));
}

/** Every tensor of a graph: its initializers, and those in attributes of its nodes and of their subgraphs. */
function* graphTensors(graph: Uint8Array, depth = 0): Generator<TensorFacts & { initializer?: boolean }> {
  if (depth > 16) throw corrupt('The ONNX file nests graphs more deeply than any exporter does.');
  for (const field of readFields(graph)) {
    if (field.number === 1) yield* nodeTensors(bytesOf(field), depth);
    if (field.number === 5) yield { ...readTensor(bytesOf(field)), initializer: depth === 0 };
    if (field.number === 15) yield* sparseTensors(bytesOf(field));
  }
}

function* nodeTensors(node: Uint8Array, depth: number): Generator<TensorFacts> {
  for (const attribute of readFields(node)) {
    if (attribute.number !== 5) continue;
    for (const item of readFields(bytesOf(attribute))) {
      if (item.number === 5 || item.number === 10) yield readTensor(bytesOf(item));
      if (item.number === 6 || item.number === 11) yield* graphTensors(bytesOf(item), depth + 1);
      if (item.number === 22 || item.number === 23) yield* sparseTensors(bytesOf(item));
    }
  }
}

/** Every tensor in the bodies of the model's own functions. */
function* functionTensors(model: Uint8Array): Generator<TensorFacts> {
  for (const field of readFields(model)) {
    if (field.number !== 25) continue;
    for (const part of readFields(bytesOf(field))) if (part.number === 7) yield* nodeTensors(bytesOf(part), 1);
  }
}

/** The model's signature. Throws CHECKPOINT_CORRUPT where the bytes are no ONNX model. */
export function summarize(model: Uint8Array): ModelSummary {
  let graph: Uint8Array | undefined;
  let irVersion = 0;
  let producer = '';
  const opsets = new Map<string, number>();
  for (const field of readFields(model)) {
    if (field.number === 1) irVersion = intOf(field);
    if (field.number === 2) producer = text(bytesOf(field));
    if (field.number === 7) {
      // Readers of protocol buffers join them: half of the model would go unseen.
      if (graph) throw corrupt('The ONNX file holds two graphs.');
      graph = bytesOf(field);
    }
    if (field.number !== 8) continue;
    let domain = '';
    let version = 0;
    for (const part of readFields(bytesOf(field))) {
      if (part.number === 1) domain = text(bytesOf(part));
      if (part.number === 2) version = intOf(part);
    }
    opsets.set(domain === 'ai.onnx' ? '' : domain, version);
  }
  if (!graph || irVersion < 1 || opsets.size === 0) throw corrupt('The file is not an ONNX model.');

  const inputs: TensorSignature[] = [];
  const outputs: TensorSignature[] = [];
  let nodes = 0;
  for (const field of readFields(graph)) {
    if (field.number === 1) nodes += 1;
    if (field.number === 11) inputs.push(readSignature(bytesOf(field)));
    if (field.number === 12) outputs.push(readSignature(bytesOf(field)));
  }
  const weights = new Set<string>();
  const externalFiles = new Set<string>();
  let parameters = 0;
  for (const tensor of graphTensors(graph)) {
    if (tensor.initializer) {
      weights.add(tensor.name);
      parameters += tensor.values;
    }
    if (tensor.location !== undefined) externalFiles.add(tensor.location);
  }
  for (const { location } of functionTensors(model)) if (location !== undefined) externalFiles.add(location);
  return {
    producer,
    irVersion,
    opsets,
    // Before version 4 of the format weights had to be listed as inputs too.
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    parameters,
    externalFiles: [...externalFiles].sort(),
    nodes,
  };
}

/**
 * The same model with `nodes` appended and `outputs` (made by `valueInfo`) in place of its own. Everything else is
 * copied byte for byte.
 */
export function extendModel(
  model: Uint8Array,
  nodes: readonly MessageWriter[],
  outputs: readonly MessageWriter[],
): Uint8Array {
  const extended = new MessageWriter();
  for (const field of readFields(model)) {
    if (field.number !== 7) {
      extended.copy(field);
      continue;
    }
    const graph = new MessageWriter();
    for (const part of readFields(bytesOf(field))) if (part.number !== 12) graph.copy(part);
    for (const node of nodes) graph.message(1, node);
    for (const output of outputs) graph.message(12, output);
    extended.message(7, graph);
  }
  return extended.finish();
}
