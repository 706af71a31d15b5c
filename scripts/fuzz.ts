/**
 * `npm run fuzz [-- --seed N] [--files N] [--only checkpoints|onnx]`: damages checkpoints of every container and ONNX
 * models, and reads them. Ends at the first that does anything but be read or be refused by its code, takes too long,
 * or makes the runtime open a file that it was not given. Without --files it goes on until stopped.
 */
import { writeFileSync } from 'node:fs';
import { inspect, parseArgs } from 'node:util';
import { stderr, stdout } from '../shared/terminal.ts';
import { Dice, mutant } from '../test/support/checkpoint/mutate.ts';
import { readAll } from '../test/support/checkpoint/read-all.ts';
import { onnxMutant } from '../test/support/onnx/mutate.ts';
import { LONGEST_LOAD_MS, OnnxFuzzer } from './fuzz/onnx.ts';

const REPORT_EVERY = 20_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, files: { type: 'string' }, only: { type: 'string' } },
});
const first = Number(values.seed ?? Date.now() % 2 ** 31);
const files = Number(values.files ?? Number.POSITIVE_INFINITY);
const onnx = new OnnxFuzzer();

interface Subject {
  readonly make: (dice: Dice) => Uint8Array;
  /** Reads a file and says what became of it; throws what is no refusal by its code. */
  readonly read: (file: Uint8Array) => Promise<string>;
  readonly longestMs: number;
}
const SUBJECTS: Readonly<Record<string, Subject>> = {
  checkpoints: { make: mutant, read: async (file) => readAll(file), longestMs: 1000 },
  onnx: { make: onnxMutant, read: (file) => onnx.read(file), longestMs: LONGEST_LOAD_MS + 1000 },
};

/** Fuzzes one subject; returns whether it held. */
async function fuzz(name: string, { make, read, longestMs }: Subject, from: number, count: number): Promise<boolean> {
  const outcomes: Record<string, number> = {};
  let slowest = 0;
  for (let seed = from; seed < from + count; seed++) {
    const file = make(new Dice(seed));
    const start = performance.now();
    let failure: unknown;
    try {
      const outcome = await read(file);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (onnx.wasTouched()) failure = 'a file was opened that the runtime was not given';
    } catch (error) {
      failure = error;
    }
    const ms = performance.now() - start;
    slowest = Math.max(slowest, ms);
    if (failure !== undefined || ms > longestMs) {
      const path = `fuzz-${name}-${seed}.bin`;
      writeFileSync(path, file);
      stderr.line(`${name}: the file of seed ${seed} (kept as ${path}, ${ms.toFixed(0)} ms):`);
      stderr.page(`${failure === undefined ? 'takes too long' : inspect(failure)}\n`);
      return false;
    }
    const done = seed - from + 1;
    if (done % REPORT_EVERY === 0 || done === count) {
      stdout.line(
        `${name}: ${done} files from seed ${from}: ${JSON.stringify(outcomes)}; slowest ${slowest.toFixed(0)} ms`,
      );
    }
  }
  return true;
}

const chosen = Object.entries(SUBJECTS).filter(([name]) => values.only === undefined || values.only === name);
let held = chosen.length > 0;
if (!held) stderr.line(`--only takes ${Object.keys(SUBJECTS).join(' or ')}.`);
for (let from = first; held && from < first + files; from += REPORT_EVERY) {
  for (const [name, subject] of chosen) {
    held &&= await fuzz(name, subject, from, Math.min(REPORT_EVERY, first + files - from));
  }
}
onnx.close();
process.exitCode = held ? 0 : 1;
