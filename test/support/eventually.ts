/** Waits for a state that other processes or services bring about. */
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 50;

/** Tries until it does not throw. Only the limit of the test ends it: a busy machine is no failure. */
export async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await delay(PAUSE_MS);
    }
  }
}
