import { describe, expect, it } from 'vitest';
import type { CheckpointCard } from '../../shared/checkpoint/spec/card.ts';
import { localTasks } from '../../shared/engine/tasks.ts';
import { type Dimension, GraphBuilder } from '../../shared/onnx/graph.ts';
import { demoPicture } from '../support/demo.ts';
import { fileOf } from '../support/files.ts';
import { pictureBook, type TinyOptions, tinyGenerator } from '../support/tiny-generator.ts';

const tasks = localTasks({ device: 'cpu', threads: 1 }, () => undefined);

const calibrate = (model: Uint8Array, card: CheckpointCard = {}) =>
  tasks.calibrate({
    model: { path: fileOf(model), external: [] },
    card,
    recognizers: [{ kind: 'built-in' }],
    seed: 5,
    batch: 32,
  });

/** A model whose every picture has this one operator in it, and these dimensions. */
function model(type: string, dims: readonly number[], said: readonly Dimension[] = ['n', 'c', 'h', 'w']): Uint8Array {
  const graph = new GraphBuilder('made');
  const z = graph.input('z', 'float32', ['n', 8]);
  const least = graph.op('ReduceMin', [z], { axes: [1], keepdims: 1 });
  const value = graph.op(type, [graph.op('Reshape', [least, graph.ints([-1, ...dims.map(() => 1)])])]);
  const image = graph.op('Add', [value, graph.weight(new Float32Array(dims.reduce((a, b) => a * b, 1)), [1, ...dims])]);
  graph.output('image', image, 'float32', said);
  return graph.model();
}

describe('refused before any face is looked for', () => {
  it.each<[string, Uint8Array, string]>([
    ['values that are not numbers', model('Log', [3, 32, 32]), 'GENERATOR_OUTPUT'],
    ['pictures of a few pixels', tinyGenerator({ side: 15 }), 'GENERATOR_OUTPUT'],
    ['pictures too wide', model('Tanh', [3, 16, 4097]), 'GENERATOR_OUTPUT'],
    ['five channels, not said beforehand', model('Tanh', [5, 32, 32]), 'GENERATOR_OUTPUT'],
    ['three dimensions, not said beforehand', model('Tanh', [32, 32], ['n', 3, 'h', 'w']), 'GENERATOR_OUTPUT'],
    ['an operator nobody knows', model('Imagine', [3, 32, 32]), 'CHECKPOINT_UNSUPPORTED'],
  ])('%s', async (_, bytes, code) => {
    await expect(calibrate(bytes)).rejects.toMatchObject({ code, transient: false });
  });

  it.each<[readonly [number, number], readonly [number, number]]>([
    [
      [-1, 1],
      [0, 1],
    ],
    [
      [-1, 1],
      [0, 255],
    ],
    [
      [0, 255],
      [-1, 1],
    ],
  ])('a stated range of %j where values are in %j', async (stated, range) => {
    const card: CheckpointCard = { image: { range: [stated[0], stated[1]] } };
    await expect(calibrate(tinyGenerator({ range }), card)).rejects.toMatchObject({ code: 'GENERATOR_OUTPUT' });
  });

  it('more pictures than latents, where the size of the latent is not what the model takes', async () => {
    const bytes = tinyGenerator({ latent: ['size'] });
    await expect(calibrate(bytes, { latent: { size: 16 } })).rejects.toMatchObject({
      code: 'GENERATOR_OUTPUT',
      message: 'The generator gives 64 pictures for 32 latents.',
    });
  });
});

describe('found out by running', () => {
  it.each<[string, TinyOptions]>([
    ['of batches of 48, more than asked for', { batch: 48 }],
    ['of half precision, of unknown size', { type: 'float16', size: ['h', 'w'] }],
  ])('are range, size and place of the faces: a generator %s', async (_, options) => {
    const found = await calibrate(tinyGenerator(options));
    expect(found).toMatchObject({
      range: [-1, 1],
      geometry: { width: 32, height: 32, channels: 3 },
      samples: 256,
      recognizers: [{ embedding: 128 }],
    });
    expect(found.assumptions.at(-1)).toMatchObject({ what: 'image range', value: '-1 is black, 1 is white' });
  });

  it('that no sample shows a face: each is looked at, and that is said', async () => {
    const { undetected, alignment } = await calibrate(tinyGenerator({ side: 64 }));
    expect(undetected).toBeGreaterThan(240);
    expect(alignment.mode).toBe('detected');
    expect(alignment.points.every(Number.isFinite)).toBe(true);
  });

  it('that faces lie in one place: one look is enough, where they are the same picture', async () => {
    const { undetected, alignment } = await calibrate(pictureBook([await demoPicture('c003', 0)], 64));
    expect(undetected).toBe(0);
    expect(alignment).toMatchObject({ mode: 'fixed', spread: 0 });
    expect(alignment.eyeDistance).toBeGreaterThan(12);
    expect(alignment.eyeDistance).toBeLessThan(25);
  });
});
