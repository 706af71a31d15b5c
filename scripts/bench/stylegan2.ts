/** Measures a StyleGAN2 graph against the same network in PyTorch. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { recogniseStyleGan2 } from '../../shared/checkpoint/families/stylegan2/recognise.ts';
import type { CheckpointTensor } from '../../shared/checkpoint/formats/tensor.ts';
import { GraphBuilder } from '../../shared/onnx/graph.ts';
import { floatTensor, type Model, Runtime } from '../../shared/onnx/runtime.ts';
import type { Benchmark } from './benchmark.ts';
import { interleave, timed } from './interleave.ts';

const execute = promisify(execFile);
const python = process.env.REWOUND_PYTHON ?? 'python3';
const script = join(import.meta.dirname, 'stylegan2.py');

const SIZE = 256;
const STYLE = 512;

/** Pictures of StyleGAN2 with random weights: the graph read from a checkpoint over the same network in PyTorch. */
export const stylegan2: Benchmark = {
  name: 'stylegan2',
  async run({ quick }) {
    const imports = await execute(python, ['-c', 'import torch']).catch(() => undefined);
    if (!imports) return [{ name: 'stylegan2', skipped: `${python} lacks torch (REWOUND_PYTHON)` }];
    const threads = availableParallelism();
    const rounds = quick ? 1 : 3;
    // Channels at 256 pixels and below: those of the smaller published networks of this size, and of the larger.
    const bases = quick ? [16384] : [16384, 32768];
    const rows = [];
    for (const base of bases) {
      const model = await openRandom(base, threads);
      const z = new Float32Array(STYLE);
      new RandomState(2).randn(z);
      const feeds = { z: floatTensor(z, [1, STYLE]), psi: floatTensor(Float32Array.of(0.7), [1]) };
      const picture = () => timed(() => model.run(feeds, ['image']));
      await picture();
      const args = [script, String(SIZE), String(base), String(threads), '5'];
      const times = await interleave(rounds, {
        rewound: async () => {
          const each: number[] = [];
          for (let i = 0; i < 10; i++) each.push(await picture());
          return Math.min(...each);
        },
        pytorch: async () => millisecondsOf((await execute(python, args)).stdout),
      });
      await model.release();
      // The fastest of each: what was least disturbed.
      const parts = { rewoundMs: Math.min(...times.rewound), pytorchMs: Math.min(...times.pytorch) };
      rows.push({
        name: `stylegan2, base ${base}`,
        what: `time a picture / of PyTorch; ${SIZE} x ${SIZE}, ${threads} threads, one at a time`,
        ratio: parts.rewoundMs / parts.pytorchMs,
        target: { most: 1 },
        parts,
      });
    }
    return rows;
  },
};

function millisecondsOf(output: string): number {
  const [, milliseconds] = /([\d.]+) ms an image/.exec(output) ?? [];
  if (milliseconds === undefined) throw new Error(`The script printed no time: ${output}`);
  return Number(milliseconds);
}

function openRandom(base: number, threads: number): Promise<Model> {
  const network = recogniseStyleGan2({
    container: 'made for measuring',
    modules: new Map(),
    stateDicts: new Map([['', randomTensors(base)]]),
    settings: new Map(),
    findings: [],
  })!;
  const graph = new GraphBuilder('stylegan2');
  const z = graph.input('z', 'float32', ['n', STYLE]);
  const image = network.build(graph, { z, c: null, psi: graph.input('psi', 'float32', [1]) });
  graph.output('image', image, 'float32', ['n', network.channels, SIZE, SIZE]);
  return new Runtime({ device: 'cpu', threads }).open('stylegan2', graph.model());
}

/** Tensors by the names of the NVlabs repositories: channels are `base` over the size, at most 512. */
function randomTensors(base: number): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  const random = new RandomState(1);
  const add = (name: string, shape: readonly number[], scale = 1) => {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.uniform(-scale, scale, values);
    tensors.set(name, { type: 'float32', shape, floats: () => values.slice() });
  };
  const layer = (name: string, outputs: number, inputs: number, kernel: number) => {
    add(`${name}.weight`, [outputs, inputs, kernel, kernel]);
    add(`${name}.bias`, [outputs], 0.1);
    add(`${name}.affine.weight`, [inputs, STYLE]);
    add(`${name}.affine.bias`, [inputs]);
  };
  for (let i = 0; i < 8; i++) {
    add(`mapping.fc${i}.weight`, [STYLE, STYLE], 100);
    add(`mapping.fc${i}.bias`, [STYLE]);
  }
  add('mapping.w_avg', [STYLE]);
  const channels = (size: number) => Math.min(base / size, 512);
  for (let size = 4; size <= SIZE; size *= 2) {
    const block = `synthesis.b${size}`;
    if (size === 4) add(`${block}.const`, [channels(4), 4, 4]);
    for (const name of size === 4 ? ['conv1'] : ['conv0', 'conv1']) {
      layer(`${block}.${name}`, channels(size), channels(name === 'conv0' ? size / 2 : size), 3);
      add(`${block}.${name}.noise_strength`, []);
      add(`${block}.${name}.noise_const`, [size, size]);
    }
    layer(`${block}.torgb`, 3, channels(size), 1);
  }
  return tensors;
}
