/**
 * `npm run bench [-- NAME...] [--quick]`: the benchmarks of docs/benchmarks.md. Prints ratios, and writes them with
 * what they were made of to bench/results.json.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { audit } from './bench/audit.ts';
import type { Benchmark, Row, Skipped } from './bench/benchmark.ts';
import { machineFacts } from './bench/machine.ts';
import { memory } from './bench/memory.ts';
import { orchestration } from './bench/orchestration.ts';
import { peer } from './bench/peer.ts';
import { search } from './bench/search.ts';
import { renderTable } from './bench/table.ts';

const BENCHMARKS: readonly Benchmark[] = [search, audit, peer, memory, orchestration];
const OUT = join(import.meta.dirname, '../bench');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
const names = BENCHMARKS.map(({ name }) => name);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`bench: there is no benchmark "${unknown}"; there are ${names.join(', ')}.\n`);
  process.exit(2);
}

const machine = machineFacts();
const note = (text: string) => void process.stderr.write(`${text}\n`);
note(`${machine.processor}, ${machine.threads} threads, load ${machine.load}; node ${machine.node}`);
const results: (Row | Skipped)[] = [];
for (const { name, run } of BENCHMARKS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  note(`${name} ...`);
  const folder = await mkdtemp(join(tmpdir(), `rewound-bench-${name}-`));
  try {
    results.push(...(await run({ quick: values.quick ?? false, folder, note })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
process.stdout.write(`${renderTable(results)}\n`);
await mkdir(OUT, { recursive: true });
const record = { measuredAt: new Date().toISOString(), quick: values.quick ?? false, machine, results };
await writeFile(join(OUT, 'results.json'), `${JSON.stringify(record, undefined, 2)}\n`);
