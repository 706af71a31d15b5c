import { setImmediate as immediate } from 'node:timers/promises';
import type { Sleep } from '../../../shared/platform/local/delivery.ts';
import type { Clock } from '../../../shared/platform/ports.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Lets the time pass in which somebody sleeps, at once. */
  readonly sleep: Sleep;
}

/** A clock that stands still until it is told how much time has passed. */
export function fakeClock(): FakeClock {
  let now = Date.UTC(2026, 0, 1);
  const advance = (ms: number) => {
    now += ms;
  };
  return {
    now: () => now,
    advance,
    async sleep(ms, signal) {
      await immediate();
      if (!signal.aborted) advance(ms);
    },
  };
}
