/** Says when a failed delivery is tried again. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Pauses after each attempt that failed: those of Standard Webhooks' example, and one day more. Four days in all, so
 * that a receiver that breaks on a Friday evening can be mended on Monday.
 */
const PAUSES: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
  24 * HOUR,
];

export const MOST_ATTEMPTS = PAUSES.length + 1;

/** Every pause is up to a fifth shorter or longer: what failed together does not come back together. */
const JITTER = 0.2;

/**
 * Milliseconds to wait after this many attempts; undefined after the last.
 * @param random uniform in [0, 1)
 */
export function pauseAfter(attempts: number, random: number): number | undefined {
  const pause = PAUSES[attempts - 1];
  return pause && Math.round(pause * (1 - JITTER + 2 * JITTER * random));
}
