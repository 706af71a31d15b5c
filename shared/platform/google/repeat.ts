import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from './errors.ts';

/** Pauses before the further attempts, in milliseconds; each is drawn from 50% to 100% of its length. */
const PAUSES = [250, 1000, 4000];

/**
 * Does a download, and again if the service does not answer or the connection breaks on the way.
 *
 * The client's own repetition must be off for streams: it destroys the stream of the failed attempt and then pipes into
 * it (teeny-request 11), which nobody can catch and which ends the process. Nor does it repeat what breaks midway.
 */
export async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await work();
    } catch (error) {
      if (failureOf(error) !== 'unavailable') throw error;
    }
    await delay(pause * (0.5 + Math.random() / 2));
  }
  return work();
}
