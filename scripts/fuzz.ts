/**
 * `npm run fuzz [-- --seed N] [--files N]`: damages checkpoints of every container and reads them. Ends at the first
 * that does anything but be read or be refused, or takes longer than a second. Without --files it goes on until stopped.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Dice, mutant } from '../test/support/checkpoint/mutate.ts';
import { readAll } from '../test/support/checkpoint/read-all.ts';

const TOO_LONG_MS = 1000;

const { values } = parseArgs({ options: { seed: { type: 'string' }, files: { type: 'string' } } });
const first = Number(values.seed ?? Date.now() % 2 ** 31);
const files = Number(values.files ?? Number.POSITIVE_INFINITY);
const outcomes: Record<string, number> = {};
let slowest = 0;

for (let seed = first; seed < first + files; seed++) {
  const file = mutant(new Dice(seed));
  const start = performance.now();
  let failure: unknown;
  try {
    const outcome = readAll(file);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  } catch (error) {
    failure = error;
  }
  const ms = performance.now() - start;
  slowest = Math.max(slowest, ms);
  if (failure !== undefined || ms > TOO_LONG_MS) {
    const path = `fuzz-${seed}.bin`;
    writeFileSync(path, file);
    console.error(`The file of seed ${seed} (kept as ${path}, ${ms.toFixed(0)} ms):`, failure ?? 'takes too long');
    process.exitCode = 1;
    break;
  }
  const done = seed - first + 1;
  if (done % 20_000 === 0 || done === files) {
    console.log(
      `${done} files from seed ${first}: ${JSON.stringify(outcomes)}; the slowest took ${slowest.toFixed(0)} ms`,
    );
  }
}
