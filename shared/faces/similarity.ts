/** Computes the cosines of blocks of faces. */
import { GraphBuilder } from '../onnx/graph.ts';
import { floats, floatTensor, type Model, type Runtime } from '../onnx/runtime.ts';

const OUTPUTS = { cosines: 'cosines', rowMax: 'rowMax', columnMax: 'columnMax' } as const;

/** Cosines of blocks of faces with each other. Neither side is a weight, so that memory does not grow with a gallery. */
export class Similarity {
  private readonly model: Model;
  private readonly length: number;

  private constructor(model: Model, length: number) {
    this.model = model;
    this.length = length;
  }

  static async open(runtime: Runtime, length: number): Promise<Similarity> {
    const graph = new GraphBuilder('similarity');
    const rows = graph.input('rows', 'float32', ['n', length]);
    const columns = graph.input('columns', 'float32', ['m', length]);
    const cosines = graph.op('Gemm', [rows, columns], { transB: 1 });
    graph.output(OUTPUTS.cosines, cosines, 'float32', ['n', 'm']);
    const max = (axis: number) => graph.op('ReduceMax', [cosines], { axes: [axis], keepdims: 0 });
    graph.output(OUTPUTS.rowMax, max(1), 'float32', ['n']);
    graph.output(OUTPUTS.columnMax, max(0), 'float32', ['m']);
    return new Similarity(await runtime.open('similarity', graph.model()), length);
  }

  /** f32 [rows, columns] */
  async cosines(rows: Float32Array, columns: Float32Array): Promise<Float32Array> {
    const { cosines } = await this.run(rows, columns, [OUTPUTS.cosines]);
    return floats(cosines);
  }

  /** Each row's best cosine with any column, and each column's with any row. */
  async maxima(rows: Float32Array, columns: Float32Array): Promise<{ rows: Float32Array; columns: Float32Array }> {
    const { rowMax, columnMax } = await this.run(rows, columns, [OUTPUTS.rowMax, OUTPUTS.columnMax]);
    return { rows: floats(rowMax), columns: floats(columnMax) };
  }

  release(): Promise<void> {
    return this.model.release();
  }

  private run(rows: Float32Array, columns: Float32Array, outputs: readonly string[]) {
    const tensor = (block: Float32Array) => floatTensor(block, [block.length / this.length, this.length]);
    return this.model.run({ rows: tensor(rows), columns: tensor(columns) }, outputs);
  }
}
