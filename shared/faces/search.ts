/** Searches a gallery exactly. */
import { GraphBuilder } from '../onnx/graph.ts';
import { floats, floatTensor, type Model, type Runtime } from '../onnx/runtime.ts';

/** What the search says of one batch of probes against all n faces of a gallery. */
export interface Found {
  /** [n] the best similarity of any probe to each face, and [n] the probe that has it (the first of several). */
  readonly columnMax: Float32Array;
  readonly columnArg: BigInt64Array;
  /** [rows, k] the k nearest faces of each probe, nearest first. */
  readonly topValues: Float32Array;
  readonly topFaces: BigInt64Array;
}

/**
 * Exact search: cosines by Gemm(transB) against the whole gallery, then TopK along the probes' rows and ArgMax along
 * the faces' columns. Exact, because an audit that misses neighbours would understate what leaks.
 */
export class GallerySearch {
  readonly k: number;
  private readonly model: Model;
  private readonly length: number;

  private constructor(model: Model, length: number, k: number) {
    this.model = model;
    this.length = length;
    this.k = k;
  }

  /** `gallery` f32 [n, length], L2-normalised. At most n neighbours are given. */
  static async open(runtime: Runtime, gallery: Float32Array, length: number, k: number): Promise<GallerySearch> {
    const faces = gallery.length / length;
    const neighbours = Math.min(k, faces);
    const graph = new GraphBuilder('search');
    const probes = graph.input('probes', 'float32', ['n', length]);
    const cosines = graph.op('Gemm', [probes, graph.externalWeight('gallery', [faces, length])], { transB: 1 });
    const [values, nearest] = graph.ops('TopK', [cosines, graph.ints([neighbours])], 2);
    graph.output('topValues', values!, 'float32', ['n', neighbours]);
    graph.output('topFaces', nearest!, 'int64', ['n', neighbours]);
    // Measured on 70,000 faces: ArgMax and a gather of the winners cost less than ArgMax and ReduceMax.
    const best = graph.op('ArgMax', [cosines], { axis: 0, keepdims: 1 });
    graph.output('columnArg', best, 'int64', [1, faces]);
    graph.output('columnMax', graph.op('GatherElements', [cosines, best], { axis: 0 }), 'float32', [1, faces]);
    const data = new Uint8Array(gallery.buffer, gallery.byteOffset, gallery.byteLength);
    const model = await runtime.open('search', graph.model(), [{ path: 'gallery', data }]);
    return new GallerySearch(model, length, neighbours);
  }

  /** `probes` f32 [rows, length], L2-normalised. */
  async search(probes: Float32Array): Promise<Found> {
    const inputs = { probes: floatTensor(probes, [probes.length / this.length, this.length]) };
    const found = await this.model.run(inputs, ['columnMax', 'columnArg', 'topValues', 'topFaces']);
    return {
      columnMax: floats(found.columnMax),
      columnArg: found.columnArg!.data as BigInt64Array,
      topValues: floats(found.topValues),
      topFaces: found.topFaces!.data as BigInt64Array,
    };
  }

  release(): Promise<void> {
    return this.model.release();
  }
}
