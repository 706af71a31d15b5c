/** How the engine's process is kept apart from its owner: its environment, its folder, its limits and its network. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device } from '../onnx/runtime.ts';

/** What keeps the engine's process apart on this machine, beyond what every system offers. */
export interface Isolation {
  /** It has no network: a namespace of its own without any interface (Linux, `unshare` of util-linux). */
  readonly network: boolean;
  /** It may write neither files nor a core dump (Linux, `prlimit` of util-linux). */
  readonly limits: boolean;
}

/** Arguments of `child_process.fork` that start the engine's process. */
export interface Launch {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** An empty folder of its own, which it cannot write to. */
  readonly cwd: string;
  /** Removes the folder. */
  readonly cleanUp: () => void;
}

/** Variables the runtime, the drivers of an accelerator and the system's loader read. Everything else stays outside. */
const PASSED_ON =
  /^(PATH|LD_LIBRARY_PATH|DYLD_[A-Z_]+|SYSTEMROOT|WINDIR|TEMP|TMP|TMPDIR|CUDA_[A-Z0-9_]+|NVIDIA_[A-Z_]+|VK_[A-Z_]+)$/i;

/**
 * The environment of the engine's process: no secret of its owner is in it.
 * @internal
 */
export function engineEnvironment(owner: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(owner).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && PASSED_ON.test(entry[0]),
    ),
  );
}

/** A program of util-linux, with the arguments that precede the command it is to run. */
type Wrapper = readonly [program: string, ...args: string[]];

const NO_NETWORK: Wrapper = ['unshare', '--map-root-user', '--net', '--'];
const NO_CORE: Wrapper = ['prlimit', '--core=0', '--'];
/** Drivers of accelerators keep caches of compiled shaders; on a CPU the engine has nothing to write at all. */
const NO_FILES: Wrapper = ['prlimit', '--core=0', '--fsize=0', '--'];

/** Whether a command can be run inside `wrapper` here; asked once a process for each. */
const works = new Map<Wrapper, boolean>();
function isAvailable(wrapper: Wrapper): boolean {
  const known = works.get(wrapper);
  if (known !== undefined) return known;
  const [program, ...args] = wrapper;
  const { status } = spawnSync(program, [...args, process.execPath, '--version'], { stdio: 'ignore', timeout: 10_000 });
  works.set(wrapper, status === 0);
  return status === 0;
}

const limitsFor = (device: Device) => (device === 'cpu' ? NO_FILES : NO_CORE);

/** What this machine offers; the owner says in its log what is missing. */
export function isolationOf(device: Device): Isolation {
  return { network: isAvailable(NO_NETWORK), limits: isAvailable(limitsFor(device)) };
}

/** What is missing here, for the owner's log; undefined where nothing is. */
export function isolationWarning(device: Device): string | undefined {
  const { network, limits } = isolationOf(device);
  const missing = [...(network ? [] : ['a network namespace (unshare)']), ...(limits ? [] : ['limits (prlimit)'])];
  if (missing.length === 0) return undefined;
  return `The process that runs models has no secrets in its environment and an empty folder, but not ${missing.join(' and ')}: this system does not offer it.`;
}

/** The wrappers that work here around Node.js, and a new empty folder. */
export function launchOf(device: Device): Launch {
  const wrappers = [NO_NETWORK, limitsFor(device)].filter(isAvailable);
  const [execPath = process.execPath, ...execArgv] = [...wrappers.flat(), process.execPath];
  const cwd = mkdtempSync(join(tmpdir(), 'rewound-engine-'));
  chmodSync(cwd, 0o500);
  return {
    execPath,
    execArgv: [...execArgv, ...process.execArgv],
    env: engineEnvironment(process.env),
    cwd,
    cleanUp: () => rmSync(cwd, { recursive: true, force: true }),
  };
}
