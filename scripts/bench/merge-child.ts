/** Merges the shard results in a folder, and prints what that took. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsSchema } from '../../shared/pipeline/planning/settings.ts';
import { mergeStage } from '../../shared/pipeline/results/tallies.ts';
import { stdout } from '../../shared/terminal.ts';

export interface MergeOrder {
  readonly folder: string;
  readonly samples: number;
  readonly batch: number;
  readonly shards: number;
}

export interface Merged {
  /** Of a processor. */
  readonly seconds: number;
  readonly wallS: number;
  readonly peakBytes: number;
  /** Stairs in the result. */
  readonly rows: number;
}

const { folder, samples, batch, shards } = JSON.parse(process.argv[2]!) as MergeOrder;
// All that merging asks of an audit.
const context = { objects: { get: (key: string) => readFile(join(folder, key)) } };
const plan = { audit: 'merging', shards, settings: settingsSchema.parse({ samples, batch }) };

const start = performance.now();
const merged = await mergeStage(context, plan, 'probe', 0);
const { user, system } = process.cpuUsage();
const [, kibibytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const result: Merged = {
  seconds: (user + system) / 1e6,
  wallS: (performance.now() - start) / 1000,
  peakBytes: kibibytes === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kibibytes) * 1024,
  rows: merged.stairs.batch.length,
};
stdout.json(JSON.stringify(result));
