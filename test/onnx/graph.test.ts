import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it, onTestFinished } from 'vitest';
import { GraphBuilder, WeightFile } from '../../shared/onnx/graph.ts';
import { summarize } from '../../shared/onnx/model.ts';

async function open(model: Uint8Array, options: InferenceSession.SessionOptions = {}) {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, ...options });
  onTestFinished(() => session.release());
  return session;
}

const row = (...values: number[]) => new Tensor('float32', Float32Array.from(values), [1, values.length]);

it('a graph runs: weights, constants, attributes of every kind, several outputs', async () => {
  const graph = new GraphBuilder('everything');
  const x = graph.input('x', 'float32', ['n', 4]);
  const product = graph.op('MatMul', [x, graph.weight(Float32Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0), [4, 3])]);
  const leaky = graph.op('LeakyRelu', [graph.op('Sub', [product, graph.floats([4, 4, 4], [1, 3])])], {
    alpha: { float: 0.5 },
  });
  const [values, places] = graph.ops('TopK', [leaky, graph.ints([2])], 2, { axis: 1, largest: 1 });
  graph.output('values', graph.op('Mul', [values!, graph.scalar(10)]), 'float32', ['n', 2]);
  graph.output('places', places!, 'int64', ['n', 2]);
  graph.output('swapped', graph.op('Transpose', [leaky], { perm: [1, 0] }), 'float32', [3, 'n']);
  const results = await (await open(graph.model())).run({ x: row(1, 2, 3, 4) });
  // The weight has 1, 2, 3 on its diagonal: [1, 4, 9], less 4 is [-3, 0, 5], and the negative one is halved.
  expect([...(results.swapped!.data as Float32Array)]).toEqual([-1.5, 0, 5].map((v) => expect.closeTo(v, 5)));
  expect([...(results.values!.data as Float32Array)]).toEqual([50, 0]);
  expect([...(results.places!.data as BigInt64Array)]).toEqual([2n, 1n]);
});

it('a text attribute and an optional input left out', async () => {
  const graph = new GraphBuilder('padded');
  const x = graph.input('x', 'float32', [1, 3]);
  const padded = graph.op('Pad', [x, graph.ints([0, 1, 0, 1]), ''], { mode: 'edge' });
  graph.output('y', padded, 'float32', [1, 5]);
  const { y } = await (await open(graph.model())).run({ x: row(7, 8, 9) });
  expect([...(y!.data as Float32Array)]).toEqual([7, 7, 8, 9, 9]);
});

it('an external weight takes its values from the session', async () => {
  const graph = new GraphBuilder('external');
  const x = graph.input('x', 'float32', ['n', 2]);
  graph.output('y', graph.op('MatMul', [x, graph.externalWeight('w.bin', [2, 1])]), 'float32', ['n', 1]);
  const data = new Uint8Array(Float32Array.of(10, 1).buffer);
  const session = await open(graph.model(), { externalData: [{ path: 'w.bin', data }] });
  const { y } = await session.run({ x: row(3, 4) });
  expect(y!.data[0]).toBe(34);
});

it('a weight whose values do not fill its shape is refused', () => {
  expect(() => new GraphBuilder('wrong').weight(new Float32Array(5), [2, 3])).toThrow(RangeError);
});

it('keeps large weights in a file beside the model, each in its place', async () => {
  const file = new WeightFile('model.weights');
  const graph = new GraphBuilder('beside', file);
  const x = graph.input('x', 'float32', ['n', 300]);
  // 1,200 bytes each, no multiple of any alignment; the third is small and stays inside.
  const added = graph.op('Add', [x, graph.weight(new Float32Array(300).fill(2), [300])]);
  const scaled = graph.op('Mul', [
    added,
    graph.weight(
      Float32Array.from({ length: 300 }, (_, i) => i),
      [300],
    ),
  ]);
  graph.output('y', graph.op('Add', [scaled, graph.weight(Float32Array.of(0.5), [1])]), 'float32', ['n', 300]);
  const model = graph.model();
  expect(summarize(model)).toMatchObject({ externalFiles: ['model.weights'], parameters: 601 });
  const session = await open(model, { externalData: [...file.files()] });
  const { y } = await session.run({ x: row(...new Array<number>(300).fill(1)) });
  expect([...(y!.data as Float32Array)]).toEqual(Array.from({ length: 300 }, (_, i) => 3 * i + 0.5));
  expect(new WeightFile('none').files()).toEqual([]);
});
