/** Repeats downloads that break. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../backoff.ts';
import { failureOf } from './errors.ts';

const ATTEMPTS = 4;
const PAUSES = { firstMs: 500, mostMs: 4000 };

/**
 * Does a download, and again if the service does not answer or the connection breaks on the way.
 *
 * The client's own repetition must be off for streams: it destroys the stream of the failed attempt and then pipes into
 * it (teeny-request 11), which nobody can catch and which ends the process. Nor does it repeat what breaks midway.
 */
export async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let failures = 1; failures < ATTEMPTS; failures++) {
    try {
      return await work();
    } catch (error) {
      if (failureOf(error) !== 'unavailable') throw error;
    }
    await delay(backoffMs(failures, PAUSES));
  }
  return work();
}
