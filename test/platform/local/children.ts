import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const SCRIPT = fileURLToPath(new URL('child.ts', import.meta.url));

export interface Child {
  readonly pid: number;
  /** The first thing it said. */
  readonly said: unknown;
  /** Ends it with SIGKILL: no handler of its own runs. */
  kill(): Promise<void>;
}

/** Starts a real process that works in the folder (see child.ts) and waits until it has something to say. */
export async function startChild(...args: string[]): Promise<Child> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`the child ended with ${code}`))),
  ]);
  return { pid: child.pid ?? 0, said: JSON.parse(String(line[0])), kill };
}
