/** Runs the command that the user typed with --generate, which makes samples as pictures. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { RewoundError } from '../../shared/errors.ts';
import type { CommandRun, Generate } from '../../shared/pipeline/base/generate.ts';
import { commandFailed } from '../../shared/pipeline/planning/generated.ts';
import { printable } from '../../shared/printable.ts';
import type { AuditedSource } from './picture-source.ts';
import { PROJECT } from './project.ts';
import { usage } from './usage.ts';

export interface CommandOptions {
  readonly signal: AbortSignal;
  /** Milliseconds without a new picture or a new line after which the command is ended. */
  readonly silenceMs?: number;
  /** Told how many pictures there are by now. */
  readonly onPictures?: (made: number) => void;
}

/** A model may be loaded for minutes before the first picture. */
const SILENCE_MS = 15 * 60_000;
/** How often the folder is looked at. */
const LOOK_MS = 500;
const MOST_LINES = 5;
const LONGEST_LINE = 300;

/** Checks what was typed. Throws USAGE. */
export function requireCommand(command: string): void {
  const takesSeeds = command.includes('{seeds}') || (command.includes('{first}') && command.includes('{last}'));
  if (takesSeeds && command.includes('{out}')) return;
  throw usage(
    '--generate needs {out} and {seeds}, or {out}, {first} and {last}, in the command.',
    "For example: --generate 'python gen_images.py --network=net.pkl --seeds={seeds} --outdir={out}'. {seeds} becomes numbers separated by commas, {first} and {last} a range, {out} an empty folder.",
  );
}

/** What stands for the command in the project: no command, but its program and its digest. */
export function commandSource(command: string): AuditedSource {
  const program = basename(command.trim().split(/\s+/)[0] ?? '') || 'command';
  const digest = createHash('sha256').update(command).digest('hex');
  return {
    key: `${PROJECT}/checkpoints/${program.replace(/[^\w.-]/g, '_').replace(/^\.+/, '')}.command.json`,
    mounts: {},
    marker: JSON.stringify({ schema: 'rewound.command/1', program: printable(program), digest }),
  };
}

/** Calls the command for seeds, all at once, or range by range where it takes ranges. */
export function generateWith(command: string, options: CommandOptions): Generate {
  return async (seeds, folder) => {
    const runs = command.includes('{seeds}') ? [seeds] : rangesOf(seeds);
    let last: CommandRun = { lastLines: [] };
    for (const run of runs) last = await call(filled(command, run, folder), folder, options);
    return last;
  };
}

function filled(command: string, seeds: readonly number[], folder: string): string {
  return command
    .replaceAll('{seeds}', seeds.join(','))
    .replaceAll('{first}', String(seeds[0]))
    .replaceAll('{last}', String(seeds.at(-1)))
    .replaceAll('{out}', folder);
}

function rangesOf(seeds: readonly number[]): readonly (readonly number[])[] {
  const ranges: number[][] = [];
  for (const seed of seeds) {
    const open = ranges.at(-1);
    if (open && seed === open.at(-1)! + 1) open.push(seed);
    else ranges.push([seed]);
  }
  return ranges;
}

/** Runs a command line in a shell, as it was typed, in a process group of its own. */
function call(
  line: string,
  folder: string,
  { signal, silenceMs = SILENCE_MS, onPictures }: CommandOptions,
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const lines = new LastLines();
    let ended: RewoundError | undefined;
    let lastSign = Date.now();
    let made = 0;
    const child = spawn(line, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const end = (error: RewoundError) => {
      ended ??= error;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group has ended by itself.
      }
    };
    const stopped = () =>
      end(
        new RewoundError('CANCELLED', 'The audit was stopped.', {
          help: 'The same command resumes it.',
          transient: true,
        }),
      );
    const look = setInterval(
      async () => {
        const files = (await readdir(folder, { recursive: true }).catch(() => [])).length;
        if (files !== made) lastSign = Date.now();
        made = files;
        onPictures?.(made);
        if (Date.now() - lastSign > silenceMs)
          end(failed(`was silent for ${Math.round(silenceMs / 1000)} s, and was ended.`, lines));
      },
      Math.min(LOOK_MS, silenceMs),
    );
    signal.addEventListener('abort', stopped, { once: true });
    if (signal.aborted) stopped();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        lastSign = Date.now();
        lines.add(chunk);
      });
    }
    const settle = (error: RewoundError | undefined) => {
      clearInterval(look);
      signal.removeEventListener('abort', stopped);
      if (error) reject(error);
      else resolve({ lastLines: lines.last() });
    };
    child.once('error', () => settle(ended ?? failed('could not be started.', lines)));
    child.once('close', (code, by) => {
      if (ended || code === 0) settle(ended);
      else settle(failed(`ended with ${by ? `signal ${by}` : `exit code ${code}`}.`, lines));
    });
  });
}

function failed(what: string, lines: LastLines): RewoundError {
  return commandFailed(what, { lastLines: lines.last() });
}

/** The end of what a command wrote, in a bounded amount of memory. */
class LastLines {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = `${this.#text}${chunk.toString()}`.slice(-MOST_LINES * LONGEST_LINE);
  }

  last(): readonly string[] {
    return this.#text
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== '')
      .slice(-MOST_LINES)
      .map((line) => printable(line.slice(-LONGEST_LINE)));
  }
}
