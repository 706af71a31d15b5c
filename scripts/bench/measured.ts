/** Runs an audit with meters in its processes. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Subject } from './subject.ts';

/** What `meter.ts` leaves of the engine's process. */
export interface EngineMeter {
  /** Milliseconds inside `session.run`, by purpose. */
  readonly runMs: Readonly<Record<string, number>>;
  readonly peakBytes: number;
}

/** ... and of the command's own. */
export interface CommandMeter {
  /** The engine's tasks: from the first one's start to the last one's end, and the milliseconds waited for. */
  readonly tasks: Readonly<
    Record<string, { readonly startedAt: number; readonly endedAt: number; readonly ms: number }>
  >;
  readonly peakBytes: number;
}

export interface MeasuredAudit {
  /** From the command's start to its end. */
  readonly wallMs: number;
  readonly engine: EngineMeter;
  readonly command: CommandMeter;
}

/** Exit codes of an audit that ended with a verdict: none detected, leakage, no claim possible. */
const VERDICTS = [0, 1, 4];

/** Runs `rewound audit` as a user does, in a new work folder below `folder`, with a meter in both of its processes. */
export async function measuredAudit(subject: Subject, samples: number, folder: string): Promise<MeasuredAudit> {
  const meters = join(folder, 'meters');
  await mkdir(meters, { recursive: true });
  const args = [
    join(import.meta.dirname, '../rewound.ts'),
    'audit',
    subject.checkpoint,
    ...['--members', subject.members, '--controls', subject.controls],
    ...['--samples', String(samples), '--work', join(folder, 'work'), '--out', join(folder, 'report'), '--quiet'],
    ...(subject.latent ? ['--latent', subject.latent] : []),
    ...(subject.recognizer ? ['--recognizer', subject.recognizer] : []),
  ];
  const start = performance.now();
  await run(process.execPath, args, meters);
  const wallMs = performance.now() - start;
  const engines = await readMeters<EngineMeter>(meters, 'engine');
  const [command] = await readMeters<CommandMeter>(meters, 'command');
  if (engines.length !== 1 || !command) throw new Error(`${engines.length} engines ran in place of one.`);
  return { wallMs, engine: engines[0]!, command };
}

async function run(file: string, args: readonly string[], meters: string): Promise<void> {
  const meter = pathToFileURL(join(import.meta.dirname, 'meter.ts')).href;
  const options = [process.env.NODE_OPTIONS, `--import=${meter}`].filter(Boolean).join(' ');
  const child = spawn(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: options, REWOUND_BENCH_METER: meters },
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === null || !VERDICTS.includes(code)) {
    throw new Error(`The audit ended with exit code ${code}: ${Buffer.concat(errors).toString().trim()}`);
  }
}

async function readMeters<T>(folder: string, name: string): Promise<T[]> {
  const files = (await readdir(folder)).filter((file) => file.startsWith(`${name}-`));
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as T));
}

export function floorMs({ engine }: MeasuredAudit): number {
  return Object.values(engine.runMs).reduce((sum, ms) => sum + ms, 0);
}
