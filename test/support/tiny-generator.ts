import { RandomState } from '../../shared/audit/numbers/random.ts';
import { type Dimension, GraphBuilder, type Value } from '../../shared/onnx/graph.ts';
import { MessageWriter, readFields } from '../../shared/onnx/wire.ts';

/** Values of one latent. */
const LATENT = 8;

export interface TinyOptions {
  readonly side?: number;
  readonly channels?: 1 | 3;
  readonly layout?: 'NCHW' | 'NHWC';
  /** The batch the model insists on; any by default. */
  readonly batch?: number;
  /** Shape of the latent after the batch. */
  readonly latent?: readonly Dimension[];
  /** Values of black and of white. */
  readonly range?: readonly [number, number];
  readonly type?: 'float32' | 'uint8' | 'float16' | 'float64';
  /** What the model says of its picture's height and width. */
  readonly size?: readonly [Dimension, Dimension];
}

/** ONNX numbers of types. */
const TYPE = { float32: 1, uint8: 2, int64: 7, float16: 10, float64: 11 } as const;

/** A generator of smooth random pictures, `z` [n,8] -> `image`: a matrix, a squashing and a reshape. */
export function tinyGenerator(options: TinyOptions = {}): Uint8Array {
  const { side = 32, channels = 3, layout = 'NCHW', range = [-1, 1], type = 'float32' } = options;
  const { batch = 'n', latent = [LATENT], size = [side, side] } = options;
  const graph = new GraphBuilder('tiny-generator');
  const z = graph.input('z', 'float32', [batch, ...latent]);
  const flat = graph.op('Reshape', [z, graph.ints([batch === 'n' ? -1 : batch, LATENT])]);
  const weights = new Float32Array(LATENT * side * side * channels);
  new RandomState(1).randn(weights);
  const raw = graph.op('Tanh', [graph.op('MatMul', [flat, graph.weight(weights, [LATENT, weights.length / LATENT])])]);
  const gain = (range[1] - range[0]) / 2;
  let image = graph.op('Add', [graph.op('Mul', [raw, graph.scalar(gain)]), graph.scalar((range[0] + range[1]) / 2)]);
  const shape = layout === 'NCHW' ? [channels, side, side] : [side, side, channels];
  image = graph.op('Reshape', [image, graph.ints([-1, ...shape])]);
  if (type !== 'float32') image = graph.op('Cast', [image], { to: TYPE[type] });
  const dims = layout === 'NCHW' ? [batch, channels, ...size] : [batch, ...size, channels];
  graph.output('image', image, type === 'uint8' ? 'uint8' : 'float32', dims);
  return type === 'float16' || type === 'float64' ? retyped(graph.model(), TYPE[type]) : graph.model();
}

/** A picture as planes of 0..255: f32 [3,side,side]. */
export type Planes = Float32Array;

/**
 * A generator that knows nothing but these pictures: its latent picks one, `z` [n,8] -> `image` [n,3,side,side] 0..255,
 * and sets how far its light and its grain go, up to `grain` levels of each.
 */
export function pictureBook(pictures: readonly Planes[], side: number, { grain = 0 } = {}): Uint8Array {
  const graph = new GraphBuilder('picture-book');
  const z = graph.input('z', 'float32', ['n', LATENT]);
  const all = new Float32Array(pictures.length * 3 * side * side);
  pictures.forEach((picture, i) => {
    all.set(picture, i * picture.length);
  });
  const picked = pick(graph, z, pictures.length);
  const pages = graph.weight(all, [pictures.length, 3, side, side]);
  let image = graph.op('Gather', [pages, picked], { axis: 0 });
  if (grain > 0)
    image = graph.op('Clip', [perturbed(graph, z, image, side, grain), graph.scalar(0), graph.scalar(255)]);
  graph.output('image', image, 'float32', ['n', 3, side, side]);
  return graph.model();
}

/** Moves every value of a picture by as much as the latent says, and all of them together by as much again. */
function perturbed(graph: GraphBuilder, z: Value, image: Value, side: number, grain: number): Value {
  const move = (seed: number, values: number, shape: readonly number[]) => {
    const weights = new Float32Array(LATENT * values);
    new RandomState(seed).randn(weights);
    const moved = graph.op('Tanh', [graph.op('MatMul', [z, graph.weight(weights, [LATENT, values])])]);
    return graph.op('Mul', [graph.op('Reshape', [moved, graph.ints([-1, ...shape])]), graph.scalar(grain)]);
  };
  const grained = graph.op('Add', [image, move(4, 3 * side * side, [3, side, side])]);
  return graph.op('Add', [grained, move(5, 1, [1, 1, 1])]);
}

/**
 * A generator that works for a long time (half a minute on one core), and holds `megabytes` more memory meanwhile,
 * before it gives grey pictures.
 */
export function slowGenerator({ megabytes = 0 } = {}): Uint8Array {
  const size = 1024;
  const graph = new GraphBuilder('slow-generator');
  const z = graph.input('z', 'float32', ['n', LATENT]);
  // Everything depends on the latent, so that nothing can be computed beforehand.
  const nothing = graph.op('Mul', [graph.op('ReduceMax', [z], { keepdims: 0 }), graph.scalar(0)]);
  const weights = new Float32Array(size * size);
  new RandomState(3).randn(weights);
  const weight = graph.weight(
    weights.map((value) => value / Math.sqrt(size)),
    [size, size],
  );
  let x = graph.op('Add', [weight, nothing]);
  for (let i = 0; i < 600; i++) x = graph.op('MatMul', [x, weight]);
  let still = graph.op('Mul', [graph.op('ReduceMean', [x], { keepdims: 0 }), graph.scalar(0)]);
  if (megabytes > 0) {
    const block = graph.op('Expand', [graph.op('Add', [nothing, graph.scalar(1)]), graph.ints([megabytes, 2 ** 18])]);
    // Added after the long work, so that the block must be kept until then.
    still = graph.op('Add', [still, graph.op('Mul', [graph.op('ReduceMean', [block], { keepdims: 0 }), still])]);
  }
  const image = graph.op('Expand', [
    graph.op('Reshape', [still, graph.ints([1, 1, 1, 1])]),
    graph.ints([1, 3, 32, 32]),
  ]);
  const batch = graph.op('Reshape', [
    graph.op('ReduceMax', [z], { axes: [1], keepdims: 1 }),
    graph.ints([-1, 1, 1, 1]),
  ]);
  graph.output('image', graph.op('Add', [image, batch]), 'float32', ['n', 3, 32, 32]);
  return graph.model();
}

/** Which choice the first value of a normal latent says, each as likely: int64 [n]. */
function pick(graph: GraphBuilder, z: Value, choices: number): Value {
  const first = graph.op('Gather', [z, graph.ints([0])], { axis: 1 });
  // The normal distribution function: uniform between 0 and 2, and so on to 0 to `choices`.
  const uniform = graph.op('Add', [
    graph.op('Erf', [graph.op('Mul', [first, graph.scalar(Math.SQRT1_2)])]),
    graph.scalar(1),
  ]);
  const place = graph.op('Floor', [graph.op('Mul', [uniform, graph.scalar(choices / 2)])]);
  const inside = graph.op('Clip', [place, graph.scalar(0), graph.scalar(choices - 1)]);
  return graph.op('Cast', [graph.op('Reshape', [inside, graph.ints([-1])])], { to: TYPE.int64 });
}

/** The same model with other versions in its head: operators that did not change mean the same in each. */
export function asOpset(model: Uint8Array, opset: number, ir = 8): Uint8Array {
  const writer = new MessageWriter();
  for (const field of readFields(model)) {
    if (field.number === 1) writer.int(1, ir);
    else if (field.number === 8) writer.message(8, new MessageWriter().int(2, opset));
    else writer.copy(field);
  }
  return writer.finish();
}

/** The same model with the element type of its outputs replaced. */
function retyped(model: Uint8Array, type: number): Uint8Array {
  return mapField(model, 7, (graph) =>
    mapField(graph, 12, (output) =>
      mapField(output, 2, (info) =>
        mapField(info, 1, (tensor) => {
          const writer = new MessageWriter();
          for (const field of readFields(tensor)) field.number === 1 ? writer.int(1, type) : writer.copy(field);
          return writer.finish();
        }),
      ),
    ),
  );
}

function mapField(message: Uint8Array, number: number, change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const writer = new MessageWriter();
  for (const field of readFields(message)) {
    if (field.number === number && field.wire === 2) writer.bytes(number, change(field.bytes));
    else writer.copy(field);
  }
  return writer.finish();
}
