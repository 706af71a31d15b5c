/** Measures the peak memory of an audit against that of one with a tenth of the samples. */
import { join } from 'node:path';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import type { Benchmark } from './benchmark.ts';
import { measuredAudit } from './measured.ts';
import { demoSubject, writeRecognizer } from './subject.ts';

const SIDE = 32;
const POOL = 4;
const EMBEDDING = 64;

/**
 * Peak memory of an audit over that of one with a tenth of the samples. The demo's people and generator, and a
 * recognizer that is one matrix: it recognises nobody, but memory passes through it as through a real one.
 */
export const memory: Benchmark = {
  name: 'memory',
  async run({ quick, folder }) {
    const few = quick ? 2000 : 10_000;
    const recognizer = await writeRecognizer(
      folder,
      {
        name: 'one matrix',
        model: 'matrix.onnx',
        size: SIDE,
        layout: 'NCHW',
        colour: 'RGB',
        mean: 127.5,
        scale: 1 / 127.5,
        template: '112',
        embedding: EMBEDDING,
        licence: 'made for this benchmark',
      },
      matrixRecognizer(),
    );
    const subject = { ...demoSubject(), recognizer };
    // One round is enough: memory, unlike time, does not care who else is at work.
    const fewer = await measuredAudit(subject, few, join(folder, 'few'));
    const more = await measuredAudit(subject, 10 * few, join(folder, 'many'));
    const row = (side: 'engine' | 'command', who: string) => {
      const [manyBytes, fewBytes] = [more[side].peakBytes, fewer[side].peakBytes];
      return {
        name: `memory of ${who}`,
        what: `peak at ${(10 * few).toLocaleString('en')} samples / at ${few.toLocaleString('en')}; demo, recognizer of one matrix`,
        ratio: manyBytes / fewBytes,
        target: { most: 1.1 },
        parts: { manyBytes, fewBytes },
      };
    };
    return [row('engine', 'the engine'), row('command', 'the command')];
  },
};

/** Mean colours of 8 x 8 fields times a random matrix: f32 [n,3,32,32] -> f32 [n,64]. */
function matrixRecognizer(): Uint8Array {
  const graph = new GraphBuilder('matrix');
  const face = graph.input('face', 'float32', ['n', 3, SIDE, SIDE]);
  const fields = 3 * (SIDE / POOL) ** 2;
  const matrix = new Float32Array(fields * EMBEDDING);
  new RandomState(0).randn(matrix);
  const pooled = graph.op('AveragePool', [face], { kernel_shape: [POOL, POOL], strides: [POOL, POOL] });
  const embedding = graph.op('MatMul', [graph.op('Flatten', [pooled]), graph.weight(matrix, [fields, EMBEDDING])]);
  graph.output('embedding', embedding, 'float32', ['n', EMBEDDING]);
  return graph.model();
}
