/**
 * Preloaded (`node --import`) into the processes of a measured command, which run otherwise untouched: adds up the time
 * inside `session.run` in the engine's process and the time the command waits for each of its tasks, and leaves both,
 * with the process's peak memory, in the folder the environment names.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineProcess } from '../../shared/engine/process.ts';
import { Runtime } from '../../shared/onnx/runtime.ts';
import type { CommandMeter, EngineMeter } from './measured.ts';

export const METER_VARIABLE = 'REWOUND_BENCH_METER';

const folder = process.env[METER_VARIABLE];
if (folder !== undefined) {
  if (process.send) meterEngine(folder);
  else meterCommand(folder);
}

/** The engine is killed when its work is done, so its numbers are written with every message it sends. */
function meterEngine(folder: string): void {
  const runMs: Record<string, number> = {};
  const { open } = Runtime.prototype;
  Runtime.prototype.open = async function (purpose, ...rest) {
    const model = await open.call(this, purpose, ...rest);
    return {
      ...model,
      run: async (inputs, outputs) => {
        const start = performance.now();
        const results = await model.run(inputs, outputs);
        runMs[purpose] = (runMs[purpose] ?? 0) + performance.now() - start;
        return results;
      },
    };
  };
  const send = process.send!.bind(process) as (message: unknown) => boolean;
  process.send = (message: unknown) => {
    write<EngineMeter>(folder, 'engine', { runMs, peakBytes: peakBytes() });
    return send(message);
  };
}

function meterCommand(folder: string): void {
  const tasks: Record<string, { startedAt: number; endedAt: number; ms: number }> = {};
  const { prototype } = EngineProcess;
  // Private to all but this: every task passes through it.
  const key = 'call';
  const call = prototype[key];
  prototype[key] = async function (task, request) {
    const startedAt = performance.now();
    try {
      return await call.call(this, task, request);
    } finally {
      const endedAt = performance.now();
      const before = tasks[task] ?? { startedAt, ms: 0 };
      tasks[task] = { startedAt: before.startedAt, endedAt, ms: before.ms + endedAt - startedAt };
    }
  };
  process.on('exit', () => write<CommandMeter>(folder, 'command', { tasks, peakBytes: peakBytes() }));
}

function write<T>(folder: string, name: string, numbers: T): void {
  writeFileSync(join(folder, `${name}-${process.pid}.json`), JSON.stringify(numbers));
}

/** Most memory this process ever had resident. The one of `getrusage` may be the parent's, inherited at the fork. */
function peakBytes(): number {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
