/**
 * `npm run bench [-- NAME...] [--quick]`: the benchmarks of docs/benchmarks.md. Prints ratios, and writes them with
 * what they were made of to bench/results.json, in the place of what was last measured by the same benchmarks.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stderr, stdout } from '../shared/terminal.ts';
import { api } from './bench/api.ts';
import { audit } from './bench/audit.ts';
import type { Benchmark, Row, Skipped } from './bench/benchmark.ts';
import { checkpoint } from './bench/checkpoint.ts';
import { collection } from './bench/collection.ts';
import { machineFacts } from './bench/machine.ts';
import { memory } from './bench/memory.ts';
import { orchestration } from './bench/orchestration.ts';
import { peer } from './bench/peer.ts';
import { pictures } from './bench/pictures.ts';
import { keepResults } from './bench/results.ts';
import { search } from './bench/search.ts';
import { statistics } from './bench/statistics.ts';
import { stylegan2 } from './bench/stylegan2.ts';
import { renderTable } from './bench/table.ts';

const BENCHMARKS: readonly Benchmark[] = [
  search,
  stylegan2,
  audit,
  peer,
  memory,
  orchestration,
  checkpoint,
  collection,
  pictures,
  statistics,
  api,
];
const ROOT = join(import.meta.dirname, '..');
/** Not the system's folder for temporary files, where others delete: see `diskFloor`. */
const WORK = join(ROOT, 'node_modules/.cache/rewound-bench');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
const names = BENCHMARKS.map(({ name }) => name);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) {
  stderr.line(`bench: there is no benchmark "${unknown}"; there are ${names.join(', ')}.`);
  process.exit(2);
}

const machine = machineFacts();
const note = stderr.line;
note(`${machine.processor}, ${machine.threads} threads, load ${machine.load}; node ${machine.node}`);
const results: (Row | Skipped)[] = [];
await mkdir(WORK, { recursive: true });
for (const { name, run } of BENCHMARKS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  note(`${name} ...`);
  const folder = await mkdtemp(join(WORK, `${name}-`));
  try {
    const rows = await run({ quick: values.quick ?? false, folder, note });
    results.push(...rows);
    await keepResults(join(ROOT, 'bench/results.json'), {
      benchmark: name,
      measuredAt: new Date().toISOString(),
      quick: values.quick ?? false,
      machine,
      results: rows,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
stdout.page(`${renderTable(results)}\n`);
