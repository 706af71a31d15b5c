import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/rewound.ts');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command, running. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** What it has said on stderr so far. */
  readonly said: () => string;
  /** Resolves when it has said this; rejects if it ends before. */
  readonly says: (pattern: RegExp) => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends it and every process it has started, with SIGKILL. */
  readonly kill: () => void;
}

/** Starts `rewound` with these arguments, as the leader of a process group; it does not outlive the running test. */
export function start(...args: string[]): Running {
  const child: ChildProcess = spawn(process.execPath, [SCRIPT, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const out = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
      tell();
    });
  }
  let isOver = false;
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      tell();
      resolve({ code, ...out });
    });
  });
  const kill = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // The group is gone.
    }
  };
  onTestFinished(async () => {
    kill();
    await ended;
  });
  return {
    ended,
    said: () => out.stderr,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (pattern.test(out.stderr)) resolve();
          else if (isOver) reject(new Error(`it ended without saying ${pattern}:\n${out.stderr}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    signal: (signal) => child.kill(signal),
    kill,
  };
}

/** Runs `rewound` to its end. */
export function rewound(...args: string[]): Promise<Ended> {
  return start(...args).ended;
}
