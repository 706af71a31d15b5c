/** Runs a command line in this process: its errors in two lines, its exit code, and signals and streams that end. */
import { asRewoundError, isErrno } from '../../shared/errors.ts';
import { onWriteError, stderr } from '../../shared/terminal.ts';
import { EXIT, exitCodeOfError, printError } from './exit.ts';
import { endOnSignals } from './interrupt.ts';

export async function run(main: (args: readonly string[]) => Promise<number>): Promise<void> {
  endOnSignals();
  onWriteError((error) => {
    // Who reads the output may have read enough (`rewound ... | head`), or the terminal is gone: neither is a failure.
    if (!isErrno(error, 'EPIPE') && !isErrno(error, 'EIO')) fail(error);
  });
  // Node would print an error's own text, which may hold anything.
  process.on('uncaughtException', fail);
  try {
    const code = await main(process.argv.slice(2));
    // Work that was interrupted may still be going on.
    if (code === EXIT.interrupted) process.exit(code);
    process.exitCode = code;
  } catch (cause) {
    process.exitCode = show(cause);
  }
}

function fail(cause: unknown): never {
  process.exit(show(cause));
}

/** Prints an error; returns the exit code that goes with it. */
function show(cause: unknown): number {
  const error = asRewoundError(cause);
  printError(error);
  if (error.code === 'INTERNAL' && process.env.REWOUND_DEBUG) {
    stderr.page(`${error.cause instanceof Error ? error.cause.stack : ''}\n`);
  }
  return exitCodeOfError(error);
}
