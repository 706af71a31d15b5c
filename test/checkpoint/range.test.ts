import { describe, expect, it } from 'vitest';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import { findRange } from '../../shared/checkpoint/range.ts';
import type { Range } from '../../shared/checkpoint/spec/generator.ts';

/** Values spread evenly over a range. */
function spread(low: number, high: number): Float32Array {
  const values = new Float32Array(10_000);
  new RandomState(3).uniform(low, high, values);
  return values;
}

const find = (data: Float32Array, stated?: Range) => findRange({ data, type: 'float32' }, stated);
const fails = (code: string) => expect.objectContaining({ code });

describe('without a card, the range', () => {
  it.each<Range>([
    [-1, 1],
    [0, 1],
    [0, 255],
  ])('%d to %d is found from values that span it', (low, high) => {
    expect(find(spread(low, high)).range).toEqual([low, high]);
  });

  it.each<[string, number, number, Range]>([
    ['dark pictures', -1, 0.3, [-1, 1]],
    ['pale pictures', 0.35, 1, [0, 1]],
    ['values a little outside', -1.015, 1.015, [-1, 1]],
  ])('is found in %s', (_, low, high, range) => {
    expect(find(spread(low, high)).range).toEqual(range);
  });

  it.each([
    ['a single grey', 0.5, 0.5],
    ['values far beyond', -10, 10],
    ['standard normal values', -3, 3],
    ['a narrow band', -0.2, 0.2],
  ])('is not guessed from %s', (_, low, high) => {
    expect(() => find(spread(low, high))).toThrow(fails('CHECKPOINT_AMBIGUOUS'));
  });

  it('is known of 8-bit outputs', () => {
    expect(findRange({ data: spread(100, 120), type: 'uint8' }, undefined).range).toEqual([0, 255]);
  });
});

describe('a stated range', () => {
  it.each<Range>([
    [-1, 1],
    [0, 1],
    [0, 255],
    [-0.5, 0.5],
    [-2, 2],
  ])('%d to %d is taken where the samples fit it', (low, high) => {
    expect(find(spread(low, high), [low, high]).range).toEqual([low, high]);
  });

  it.each<[Range, number, number]>([
    [[-1, 1], 0, 1],
    [[-1, 1], 0, 255],
    [[0, 1], -1, 1],
    [[0, 1], 0, 255],
    [[0, 255], 0, 1],
    [[0, 255], -1, 1],
    [[-1, 1], -3, 3],
    [[1, -1], -1, 1],
    [[1, 1], 1, 1],
  ])('%j is refused for values from %d to %d', (stated, low, high) => {
    expect(() => find(spread(low, high), stated)).toThrow(fails('GENERATOR_OUTPUT'));
  });

  it('is taken where some values leave it', () => {
    const values = spread(-1, 1);
    values.fill(40, 0, 2400);
    expect(find(values, [-1, 1]).range).toEqual([-1, 1]);
    values.fill(40, 0, 2600);
    expect(() => find(values, [-1, 1])).toThrow(fails('GENERATOR_OUTPUT'));
  });
});
