import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OnnxFuzzer } from '../../scripts/fuzz/onnx.ts';
import { notesReads } from '../support/canary.ts';
import { CONTAINERS } from '../support/checkpoint/every-container.ts';
import { Dice, mutant } from '../support/checkpoint/mutate.ts';
import { readAll } from '../support/checkpoint/read-all.ts';
import { onnxMutant } from '../support/onnx/mutate.ts';
import { tempDir } from '../support/temp.ts';

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

it('3000 damaged ONNX models are read or refused, and none makes the runtime open a file', async (test) => {
  test.skip(!notesReads(join(tempDir(), 'check')), 'this file system does not note that a file was read');
  const fuzzer = new OnnxFuzzer();
  onTestFinished(() => fuzzer.close());
  const outcomes = new Map<string, number>();
  for (let seed = 0; seed < 3000; seed++) {
    const outcome = await fuzzer.read(onnxMutant(new Dice(seed))).catch((cause) => {
      throw new Error(`The file of seed ${seed}: npm run fuzz -- --only onnx --seed ${seed} --files 1`, { cause });
    });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(fuzzer.wasTouched()).toBe(false);
  // Of each enough that the runtime was reached, and the walk for files.
  expect(outcomes.get('loaded')).toBeGreaterThan(300);
  expect(outcomes.get('names a file')).toBeGreaterThan(100);
  expect(outcomes.get('CHECKPOINT_UNSUPPORTED')).toBeGreaterThan(100);
}, 120_000);
