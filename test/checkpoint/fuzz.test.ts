import { expect, it } from 'vitest';
import { CONTAINERS } from '../support/checkpoint/every-container.ts';
import { Dice, mutant } from '../support/checkpoint/mutate.ts';
import { readAll } from '../support/checkpoint/read-all.ts';

const SEEDS = 20_000;

it.each(Object.keys(CONTAINERS))('%s is read whole', (name) => {
  expect(readAll(CONTAINERS[name]!)).toBe('read');
});

it(`${SEEDS} damaged files are read or refused, and nothing else`, () => {
  const outcomes = new Map<string, number>();
  for (let seed = 0; seed < SEEDS; seed++) {
    let outcome: string;
    try {
      outcome = readAll(mutant(new Dice(seed)));
    } catch (cause) {
      throw new Error(`The file of seed ${seed}: npm run fuzz -- --seed ${seed} --files 1`, { cause });
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // Of each enough that all of the reader was reached.
  expect([...outcomes.keys()].sort()).toEqual([
    'CHECKPOINT_CORRUPT',
    'CHECKPOINT_UNSAFE',
    'CHECKPOINT_UNSUPPORTED',
    'read',
  ]);
  expect(outcomes.get('read')).toBeGreaterThan(SEEDS / 20);
}, 600_000);
