import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A program that serves until it is stopped, or until this process ends in whatever way. */
export interface Service {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Runs its arguments as a program in the process group of this shell. The group is killed when the program ends, and
 * when standard input does: the system closes that even if the tests crash.
 */
const KEEPER = '("$@" </dev/null; kill -s KILL -- -$$) & read -r _; kill -s KILL -- -$$';

const READY_MS = 30_000;

export interface ServiceOptions {
  /** The command for a port. */
  readonly command: (port: number) => readonly string[];
  /** What it prints when it can be used. */
  readonly ready: RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program on a free port and waits until it is ready. A port that somebody else took meanwhile is given up. */
export async function startService(options: ServiceOptions, attempts = 3): Promise<Service> {
  try {
    return await start(options, await freePort());
  } catch (error) {
    if (attempts <= 1) throw error;
    return startService(options, attempts - 1);
  }
}

async function start({ command, ready, env }: ServiceOptions, port: number): Promise<Service> {
  const child = spawn('sh', ['-c', KEEPER, 'keeper', ...command(port)], {
    // The leader of a group of its own, which the keeper relies on.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  try {
    await untilPrinted(child, ready);
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function untilPrinted(child: ChildProcess, ready: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const timer = setTimeout(() => reject(new Error(`Not ready in time:\n${printed}`)), READY_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`Ended before it was ready:\n${printed}`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      // It is read to the end, as a full pipe would stop the program.
      stream?.setEncoding('utf8').on('data', (text: string) => {
        if (printed.length < 100_000) printed += text;
        if (!ready.test(printed)) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
