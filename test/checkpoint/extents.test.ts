import { describe, expect, it } from 'vitest';
import { readOnnxGenerator } from '../../shared/checkpoint/onnx.ts';
import type { CheckpointCard } from '../../shared/checkpoint/spec/card.ts';
import { MessageWriter } from '../../shared/onnx/wire.ts';
import { type BareValue, bareModel } from '../support/bare-model.ts';

/* Shapes that a model states and nothing can be made of: refused before anything is allocated by them. */

type Dims = readonly (number | string)[];

const MOST = 2 ** 63 - 1024;

function read(
  latent: Dims,
  image: Dims = ['n', 3, 64, 64],
  more: readonly BareValue[] = [],
  card: CheckpointCard = {},
) {
  const inputs: BareValue[] = [['z', 'float32', latent], ...more];
  return readOnnxGenerator(bareModel({ inputs, outputs: [['image', 'float32', image]] }), card).spec;
}

const fails = (code: string, part: string) => expect.objectContaining({ code, message: expect.stringContaining(part) });

describe('a latent', () => {
  it.each<[string, Dims, string]>([
    ['a batch of a thousand million', [1e9, 8], 'fixed batch of 1000000000'],
    ['a batch one too large', [1025, 8], 'fixed batch of 1025'],
    ['a batch of 63 bits', [MOST, 8], 'fixed batch'],
    ['a size of a thousand million', ['n', 1e9], 'has 1000000000 values'],
    ['sizes whose product overflows', ['n', 2 ** 32, 2 ** 32], 'values'],
    ['sizes whose product is infinite', ['n', ...new Array<number>(7).fill(MOST)], 'values'],
    ['both large, each allowed', [1024, 2 ** 15], '1024 latents of 32768 values'],
    ['many dimensions', ['n', ...new Array<number>(9).fill(1)], '9 dimensions'],
  ])('of %s is refused', (_, dims, part) => {
    expect(() => read(dims)).toThrow(fails('CHECKPOINT_UNSUPPORTED', part));
  });

  it('of the largest fixed batch is read', () => {
    expect(read([1024, 512]).fixedBatch).toBe(1024);
  });

  it.each([0, -1, -(2 ** 62)])('leaves its batch free by %d', (batch) => {
    expect(read([batch, 8]).fixedBatch).toBeNull();
  });

  it.each([0, -1])('leaves its size open by %d', (size) => {
    expect(() => read(['n', size])).toThrow(fails('CHECKPOINT_AMBIGUOUS', 'open'));
    expect(read(['n', size], ['n', 3, 64, 64], [], { latent: { size: 64 } }).latent.dims).toEqual([64]);
  });
});

describe('a picture', () => {
  it.each<[string, Dims, string]>([
    ['1e5 x 1e5', ['n', 3, 1e5, 1e5], '100000 x 100000'],
    ['one side too long', ['n', 3, 64, 4097], '4097 x 64'],
    ['one side too short', ['n', 3, 15, 64], '64 x 15'],
    ['one side open', ['n', 3, 'h', 1e5], '100000 x any'],
    ['channels last', ['n', 1e5, 64, 3], '64 x 100000'],
    ['63 bits', ['n', 3, MOST, MOST], 'pixels'],
  ])('of %s is refused', (_, dims, part) => {
    expect(() => read(['n', 8], dims)).toThrow(fails('GENERATOR_OUTPUT', part));
  });

  it('of a batch of a thousand million is refused', () => {
    expect(() => read(['n', 8], [1e9, 3, 64, 64])).toThrow(
      fails('CHECKPOINT_UNSUPPORTED', 'fixed batch of 1000000000'),
    );
  });

  it.each([0, -1])('may leave its sides open by %d, as some exporters do', (side) => {
    expect(read(['n', 8], [side, 3, side, side]).image.layout).toBe('NCHW');
  });
});

it('more classes than any generator has are refused', () => {
  const wide: BareValue[] = [['c', 'float32', ['n', 1e9]]];
  expect(() => read(['n', 8], ['n', 3, 64, 64], wide)).toThrow(fails('CHECKPOINT_UNSUPPORTED', '1000000000 classes'));
});

it('weights whose shapes multiply to more than a number holds are damage', () => {
  const weight = new MessageWriter().string(8, 'w').int(2, 1);
  for (let i = 0; i < 20; i++) weight.int(1, MOST);
  const graph = new MessageWriter().message(5, weight);
  const model = bareModel({
    inputs: [['z', 'float32', ['n', 8]]],
    outputs: [['image', 'float32', ['n', 3, 64, 64]]],
    graph,
  });
  expect(() => readOnnxGenerator(model, {})).toThrow(fails('CHECKPOINT_CORRUPT', 'multiply'));
});
