/** Writes ONNX graphs. */
import { MessageWriter } from './wire.ts';

/**
 * Builds ONNX graphs (github.com/onnx/onnx, onnx.proto): every network of Rewound that is not the user's own is
 * written here, node by node.
 *
 * @example
 * const graph = new GraphBuilder('double');
 * const x = graph.input('x', 'float32', ['n', 3]);
 * graph.output('y', graph.op('Add', [x, x]), 'float32', ['n', 3]);
 * const session = await InferenceSession.create(graph.model());
 */

/** ONNX TensorProto.DataType numbers of the types Rewound writes. */
const ELEMENT_TYPES = { float32: 1, uint8: 2, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A dimension: its extent, or the name of one known only when the model runs. */
export type Dimension = number | string;

/** The name of a value in the graph, as `op`, `input` and the constants return it. */
export type Value = string;

/** A float attribute; plain numbers are written as integers. */
export interface FloatAttribute {
  readonly float: number;
}
export type Attribute = number | string | readonly number[] | FloatAttribute;

/** The version of the ONNX operator set the graphs are written in. */
const OPSET = 17;

export function valueInfo(name: string, type: ElementType, dims: readonly Dimension[]): MessageWriter {
  const shape = new MessageWriter();
  for (const dim of dims) {
    const dimension = new MessageWriter();
    if (typeof dim === 'number') dimension.int(1, dim);
    else dimension.string(2, dim);
    shape.message(1, dimension);
  }
  const tensor = new MessageWriter().int(1, ELEMENT_TYPES[type]).message(2, shape);
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, tensor));
}

function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name);
  // Field 20 is AttributeProto.type: 1 FLOAT, 2 INT, 3 STRING, 7 INTS.
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if (typeof value === 'string') return message.string(4, value).int(20, 3);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  for (const item of value) message.int(8, item);
  return message.int(20, 7);
}

function tensor(name: string, type: ElementType, dims: readonly number[], raw: Uint8Array): MessageWriter {
  const message = new MessageWriter();
  for (const dim of dims) message.int(1, dim);
  return message.int(2, ELEMENT_TYPES[type]).string(8, name).bytes(9, raw);
}

function bytesOf(data: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Nodes under construction; `GraphBuilder` makes a model of them, `extendModel` appends them to somebody else's. */
export class NodeList {
  readonly nodes: MessageWriter[] = [];
  /** Put before every name made here, so that appended nodes cannot meet a name of the host graph. */
  private readonly prefix: string;
  private names = 0;

  constructor(prefix = '') {
    this.prefix = prefix;
  }

  protected fresh(hint: string): Value {
    this.names += 1;
    return `${this.prefix}${hint}_${this.names}`;
  }

  /** Adds a node with one output and returns it. An empty input name leaves an optional input out. */
  op(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const [output] = this.ops(type, inputs, 1, attributes);
    return output!;
  }

  /** Adds a node with several outputs. */
  ops(
    type: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const node = new MessageWriter();
    for (const input of inputs) node.string(1, input);
    const names = Array.from({ length: outputs }, () => this.fresh(type));
    for (const name of names) node.string(2, name);
    node.string(4, type);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    this.nodes.push(node);
    return names;
  }

  /** Gives `value` a second name, chosen by the caller. */
  rename(value: Value, name: string): void {
    this.nodes.push(new MessageWriter().string(1, value).string(2, name).string(4, 'Identity'));
  }

  /** A Constant node: unlike an initializer, valid in the same form in every version of the format. */
  floats(data: Float32Array | readonly number[], dims: readonly number[]): Value {
    return this.constant('float32', dims, data instanceof Float32Array ? data : Float32Array.from(data));
  }

  /** A one-dimensional int64 constant: a shape, axes, starts or ends. */
  ints(data: readonly number[]): Value {
    return this.constant('int64', [data.length], BigInt64Array.from(data, BigInt));
  }

  scalar(value: number): Value {
    return this.floats([value], []);
  }

  private constant(type: ElementType, dims: readonly number[], data: Float32Array | BigInt64Array): Value {
    const name = this.fresh('constant');
    const value = new MessageWriter()
      .string(1, 'value')
      .message(5, tensor('', type, dims, bytesOf(data)))
      .int(20, 4);
    this.nodes.push(new MessageWriter().string(2, name).string(4, 'Constant').message(5, value));
    return name;
  }
}

/** Smaller weights stay in the model, where the runtime's optimisers look at them. */
const SMALLEST_OUTSIDE = 1024;
/** Every weight begins at a multiple of this, so that it can be used in place. */
const ALIGNMENT = 64;

/** A file of weights beside a model: what protocol buffers may not hold, and what need not be copied with the model. */
export class WeightFile {
  /** As the model names it. */
  readonly location: string;
  private readonly parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  private size = 0;

  constructor(location: string) {
    this.location = location;
  }

  add(bytes: Uint8Array): { location: string; offset: number; length: number } {
    const offset = Math.ceil(this.size / ALIGNMENT) * ALIGNMENT;
    this.parts.push({ offset, bytes });
    this.size = offset + bytes.length;
    return { location: this.location, offset, length: bytes.length };
  }

  /** The file as a session takes it; none where every weight is small. */
  files(): readonly { readonly path: string; readonly data: Uint8Array }[] {
    if (this.size === 0) return [];
    const data = new Uint8Array(this.size);
    for (const { offset, bytes } of this.parts) data.set(bytes, offset);
    return [{ path: this.location, data }];
  }
}

export class GraphBuilder extends NodeList {
  private readonly name: string;
  private readonly file: WeightFile | undefined;
  private readonly inputs: MessageWriter[] = [];
  private readonly outputs: MessageWriter[] = [];
  private readonly initializers: MessageWriter[] = [];

  /** Weights become part of the model, or of `file` where one is given. */
  constructor(name: string, file?: WeightFile) {
    super();
    this.name = name;
    this.file = file;
  }

  input(name: string, type: ElementType, dims: readonly Dimension[]): Value {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** Names `value` as an output of the model. */
  output(name: string, value: Value, type: ElementType, dims: readonly Dimension[]): void {
    this.rename(value, name);
    this.outputs.push(valueInfo(name, type, dims));
  }

  /** A weight: constant for the runtime, which packs it once. */
  weight(data: Float32Array, dims: readonly number[]): Value {
    const expected = dims.reduce((product, dim) => product * dim, 1);
    if (data.length !== expected) throw new RangeError(`a weight of ${data.length} values cannot be [${dims}]`);
    if (this.file && data.byteLength >= SMALLEST_OUTSIDE) {
      const { location, offset, length } = this.file.add(bytesOf(data));
      return this.outside(dims, { location, offset: String(offset), length: String(length) });
    }
    const name = this.fresh('weight');
    this.initializers.push(tensor(name, 'float32', dims, bytesOf(data)));
    return name;
  }

  /** A weight whose values the session is given as external data under `location`, so that no copy is serialised. */
  externalWeight(location: string, dims: readonly number[]): Value {
    return this.outside(dims, { location });
  }

  /** A weight whose TensorProto says where its values are: external_data is field 13, data_location field 14. */
  private outside(dims: readonly number[], place: Readonly<Record<string, string>>): Value {
    const name = this.fresh('weight');
    const message = new MessageWriter();
    for (const dim of dims) message.int(1, dim);
    message.int(2, ELEMENT_TYPES.float32).string(8, name);
    for (const [key, value] of Object.entries(place)) {
      message.message(13, new MessageWriter().string(1, key).string(2, value));
    }
    this.initializers.push(message.int(14, 1));
    return name;
  }

  /** The serialised ModelProto. */
  model(): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.nodes) graph.message(1, node);
    graph.string(2, this.name);
    for (const initializer of this.initializers) graph.message(5, initializer);
    for (const input of this.inputs) graph.message(11, input);
    for (const output of this.outputs) graph.message(12, output);
    return new MessageWriter()
      .int(1, 8)
      .string(2, 'rewound')
      .message(7, graph)
      .message(8, new MessageWriter().int(2, OPSET))
      .finish();
  }
}
