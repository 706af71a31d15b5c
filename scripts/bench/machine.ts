/** Describes the machine that a number was measured on. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';

/** What a number depends on besides the code. */
export function machineFacts() {
  return {
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    onnxruntime: packageVersion('onnxruntime-node'),
    /** Runnable processes in the last minute, before the first benchmark: above 0.5 others are at work. */
    load: Math.round(loadavg()[0]! * 100) / 100,
  };
}

function packageVersion(name: string): string {
  const file = join(import.meta.dirname, '../../node_modules', name, 'package.json');
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }).version);
}
