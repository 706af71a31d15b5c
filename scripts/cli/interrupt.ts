/** How a command ends when its user or the system asks it to: by Ctrl-C, by SIGTERM, or because the terminal is closed. */
import { EXIT, printError } from './exit.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Of the command that ends in its own way. */
let current: AbortController | undefined;

/**
 * Ends the process at the first of these signals, with words and its exit code, at any moment: steps are made to be
 * cut off anywhere. A command that has something to tidy up or to say does its work in `interruptible`.
 */
export function endOnSignals(): void {
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (current && !current.signal.aborted) return current.abort();
      printError({
        code: 'CANCELLED',
        message: 'The command was stopped.',
        help: 'Run the same command again; nothing of its work is half written.',
      });
      process.exit(EXIT.interrupted);
    });
  }
}

/** Aborts at the first signal; the second one ends the process. For a command that ends by itself once it is asked to. */
export function interruption(): AbortController {
  current = new AbortController();
  return current;
}

/**
 * The result of `work`, or undefined once a signal has come: `work` is not waited for then, whatever it is doing, and
 * what it throws while it is torn down is not an error of its own.
 */
export async function interruptible<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R | undefined> {
  const { signal } = interruption();
  // Before `work` can listen: it is torn down after this has been settled.
  const interrupted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    return await Promise.race([work(signal), interrupted]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    current = undefined;
  }
}
