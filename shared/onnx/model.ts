/** Reads the signature of an ONNX model and every file that it names. */
import { RewoundError } from '../errors.ts';
import { corrupt, modelTensors } from './messages.ts';
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
  readonly name: string;
  readonly values: number;
  /** Every file it names: a runtime may take the first or the last. */
  readonly locations: readonly string[];
}

function readTensor(bytes: Uint8Array): TensorFacts {
  let name = '';
  let values = 1;
  const locations: string[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) for (const dim of integers(field)) values *= Number(dim);
    if (field.number === 8) name = text(bytesOf(field));
    if (field.number !== 13) continue;
    const entry = { key: '', value: '' };
    for (const part of readFields(bytesOf(field))) {
      if (part.number === 1) entry.key = text(bytesOf(part));
      if (part.number === 2) entry.value = text(bytesOf(part));
    }
    if (entry.key === 'location') locations.push(insideFolder(entry.value));
  }
  return { name, values, locations };
}

/** What ONNX's own tools accept as a file name, and nothing that means another thing to a runtime or a system. */
const FILE_NAME = /^[^<>:;,?"*|\\/\p{Cc}]+$/u;

/** Throws CHECKPOINT_UNSAFE unless `location` names a file in the model's folder or below it. */
function insideFolder(location: string): string {
  const [first = '', ...rest] = location.split('/');
  const names = first === '.' ? rest : [first, ...rest];
  if (names.length > 0 && names.every((name) => FILE_NAME.test(name) && name !== '.' && name !== '..')) return location;
  throw new RewoundError('CHECKPOINT_UNSAFE', 'The model keeps weights in a file outside its own folder.', {
    help: 'Export the model with all of its files in one folder, and refer to them by plain names.',
  });
}

/**
 * The model's signature, and every file it names.
 *
 * @throws CHECKPOINT_CORRUPT where the bytes are no ONNX model, CHECKPOINT_UNSAFE where it names a file outside its
 *   folder, CHECKPOINT_UNSUPPORTED where it holds a part that the format does not have.
 */
export function summarize(model: Uint8Array): ModelSummary {
  let graph: Uint8Array | undefined;
  let irVersion = 0;
  let producer = '';
  const opsets = new Map<string, number>();
  for (const field of readFields(model)) {
    if (field.number === 1) irVersion = intOf(field);
    if (field.number === 2) producer = text(bytesOf(field));
    if (field.number === 7) graph = bytesOf(field);
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
  for (const { bytes, initializer } of modelTensors(model)) {
    const { name, values, locations } = readTensor(bytes);
    if (initializer) {
      weights.add(name);
      parameters += values;
    }
    for (const location of locations) externalFiles.add(location);
  }
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
