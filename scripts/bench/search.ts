/** Measures exact search against the matrix multiplication that it needs. */
import { availableParallelism } from 'node:os';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { GallerySearch } from '../../shared/faces/search.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { floatTensor, type Model, Runtime } from '../../shared/onnx/runtime.ts';
import type { Benchmark } from './benchmark.ts';
import { interleave, timed } from './interleave.ts';

const LENGTH = 512;
const PROBES = 256;
const NEIGHBOURS = 10;

/** Exact search over the multiplication of matrices without which there is none. */
export const search: Benchmark = {
  name: 'search',
  async run({ quick }) {
    const faces = quick ? 20_000 : 70_000;
    const runtime = new Runtime({ device: 'cpu', threads: availableParallelism() });
    const gallery = unitVectors(faces, 0);
    const batch = unitVectors(PROBES, 1);
    const full = await GallerySearch.open(runtime, gallery, LENGTH, NEIGHBOURS);
    const product = await openProduct(runtime, gallery, 'product');
    const nearest = await openProduct(runtime, gallery, 'nearest');
    const probes = { probes: floatTensor(batch, [PROBES, LENGTH]) };
    const things = {
      product: () => timed(() => product.run(probes, ['corner'])),
      nearest: () => timed(() => nearest.run(probes, ['topValues', 'topFaces'])),
      full: () => timed(() => full.search(batch)),
    };
    // The first runs pack weights and fill the runtime's pools.
    await interleave(2, things);
    const times = await interleave(quick ? 10 : 30, things);
    for (const model of [product, nearest, full]) await model.release();
    // The fastest of each: what was least disturbed.
    const ms = {
      product: Math.min(...times.product),
      nearest: Math.min(...times.nearest),
      full: Math.min(...times.full),
    };
    const data = `${faces.toLocaleString('en')} faces x ${LENGTH}, ${PROBES} probes`;
    return [
      {
        name: 'search, neighbours',
        what: `rate of Gemm + TopK / of Gemm; ${data}`,
        ratio: ms.product / ms.nearest,
        target: { least: 0.9 },
        parts: { productMs: ms.product, nearestMs: ms.nearest },
      },
      {
        name: 'search, all of it',
        what: `rate with each face's best probe too / of Gemm; ${data}`,
        ratio: ms.product / ms.full,
        target: { least: 0.9 },
        parts: { productMs: ms.product, fullMs: ms.full },
      },
    ];
  },
};

/** Gemm alone (its product stays in the runtime, one number comes out), or Gemm and TopK. */
function openProduct(runtime: Runtime, gallery: Float32Array, kind: 'product' | 'nearest'): Promise<Model> {
  const faces = gallery.length / LENGTH;
  const graph = new GraphBuilder(kind);
  const probes = graph.input('probes', 'float32', ['n', LENGTH]);
  const cosines = graph.op('Gemm', [probes, graph.externalWeight('gallery', [faces, LENGTH])], { transB: 1 });
  if (kind === 'product') {
    const corner = graph.op('Slice', [cosines, graph.ints([0, 0]), graph.ints([1, 1])]);
    graph.output('corner', corner, 'float32', [1, 1]);
  } else {
    const [values, nearest] = graph.ops('TopK', [cosines, graph.ints([NEIGHBOURS])], 2);
    graph.output('topValues', values!, 'float32', ['n', NEIGHBOURS]);
    graph.output('topFaces', nearest!, 'int64', ['n', NEIGHBOURS]);
  }
  const data = new Uint8Array(gallery.buffer, gallery.byteOffset, gallery.byteLength);
  return runtime.open(kind, graph.model(), [{ path: 'gallery', data }]);
}

/** f32 [count, 512], rows of length one in random directions. */
function unitVectors(count: number, seed: number): Float32Array {
  const values = new Float32Array(count * LENGTH);
  new RandomState(seed).uniform(-1, 1, values);
  for (let at = 0; at < values.length; at += LENGTH) {
    const row = values.subarray(at, at + LENGTH);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < LENGTH; i++) row[i]! /= norm;
  }
  return values;
}
