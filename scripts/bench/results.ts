/** Keeps the results of benchmarks in a file, each with its own time and machine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isErrno } from '../../shared/errors.ts';
import type { Row, Skipped } from './benchmark.ts';
import type { machineFacts } from './machine.ts';

/** What one benchmark gave when it was last run: each has its own time, size and machine. */
export interface Measured {
  readonly benchmark: string;
  readonly measuredAt: string;
  /** Whether the sizes were the smaller ones. */
  readonly quick: boolean;
  readonly machine: ReturnType<typeof machineFacts>;
  readonly results: readonly (Row | Skipped)[];
}

/** Of what is kept only the name is looked at; the rest stays as it was written. */
const kept = z.array(z.looseObject({ benchmark: z.string() }));

/** Puts a benchmark's results into the file in place of its last ones; those of others stay. */
export async function keepResults(path: string, measured: Measured): Promise<void> {
  const others = (await read(path)).filter(({ benchmark }) => benchmark !== measured.benchmark);
  const all = [...others, measured].sort((a, b) => a.benchmark.localeCompare(b.benchmark));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(all, undefined, 2)}\n`);
}

/** What the file holds; nothing if it is missing or of another shape. */
async function read(path: string): Promise<z.infer<typeof kept>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  return kept.safeParse(JSON.parse(text)).data ?? [];
}
