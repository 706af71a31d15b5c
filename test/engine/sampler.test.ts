import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { latents } from '../../shared/audit/counts/latents.ts';
import { readOnnxGenerator } from '../../shared/checkpoint/onnx.ts';
import type { CheckpointCard } from '../../shared/checkpoint/spec/card.ts';
import { Sampler } from '../../shared/engine/generator.ts';
import type { Model } from '../../shared/onnx/runtime.ts';
import { type BareValue, bareModel } from '../support/bare-model.ts';

type Fed = Readonly<Record<string, Tensor>>;

/** What a model with these inputs is fed for five seeds from 41 on, run by run. */
async function fed(inputs: readonly BareValue[], card: CheckpointCard = {}): Promise<Fed[]> {
  const { spec } = readOnnxGenerator(bareModel({ inputs, outputs: [['image', 'float32', ['n', 3, 16, 16]]] }), card);
  const runs: Fed[] = [];
  const model: Model = {
    async run(given) {
      runs.push(given);
      const rows = given.z!.dims[0]!;
      return { image: new Tensor('float32', new Float32Array(rows * 3 * 256), [rows, 3, 16, 16]) };
    },
    release: async () => undefined,
  };
  const made = await new Sampler(model, spec).run(41, 5, ['image']);
  expect(made.image!.dims).toEqual([5, 3, 16, 16]);
  return runs;
}

const Z: BareValue = ['z', 'float32', ['n', 4]];
const LAW = { distribution: 'normal', low: null, high: null } as const;

describe('a generator is fed', () => {
  it('the latents of its seeds', async () => {
    const [{ z }] = (await fed([['z', 'float32', ['n', 4, 1, 1]]])) as [Fed];
    expect(z!.dims).toEqual([5, 4, 1, 1]);
    expect(z!.data).toEqual(latents(LAW, 41, 5, 4));
  });

  it('in pieces, where it insists on its batch', async () => {
    const runs = await fed([['z', 'float32', [2, 4]]]);
    expect(runs.map(({ z }) => z!.data)).toEqual([41, 43, 45].map((seed) => latents(LAW, seed, 2, 4)));
  });

  it('classes by turns: one-hot, by number, and as the batch goes on', async () => {
    const [{ label }] = (await fed([Z, ['label', 'float32', ['n', 3]]])) as [Fed];
    // Seeds 41 to 45 modulo 3.
    expect([...(label!.data as Float32Array)]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]);

    const classes = { count: 3, encoding: 'index' } as const;
    const [index] = (await fed([Z, ['label', 'int64', ['n', 1]]], { classes })) as [Fed];
    expect(index.label!.dims).toEqual([5, 1]);
    expect([...(index.label!.data as BigInt64Array)]).toEqual([2n, 0n, 1n, 2n, 0n]);

    const some: CheckpointCard = { classes: { count: 9, encoding: 'index', labels: [7, 2] } };
    const [chosen] = (await fed([Z, ['label', 'int64', ['n', 1]]], some)) as [Fed];
    // Seeds 41 to 45 modulo the two that are drawn.
    expect([...(chosen.label!.data as BigInt64Array)]).toEqual([2n, 7n, 2n, 7n, 2n]);

    const pieces = await fed(
      [
        ['z', 'float32', [2, 4]],
        ['label', 'int32', [2]],
      ],
      { classes },
    );
    expect(pieces.map(({ label: given }) => [...(given!.data as Int32Array)])).toEqual([
      [2, 0],
      [1, 2],
      [0, 1],
    ]);
  });

  it('its truncation', async () => {
    const [{ psi }] = (await fed([Z, ['psi', 'float32', [1]]], { psi: 0.5 })) as [Fed];
    expect([psi!.dims, [...(psi!.data as Float32Array)]]).toEqual([[1], [0.5]]);
    const [scalar] = (await fed([Z, ['truncation', 'float32', []]])) as [Fed];
    expect([scalar.truncation!.dims, [...(scalar.truncation!.data as Float32Array)]]).toEqual([[], [1]]);
  });
});
