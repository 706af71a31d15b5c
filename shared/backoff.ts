/** How long to wait before something that failed is tried again. */

export interface Backoff {
  /** Longest pause after the first failure, in milliseconds; each further failure doubles it. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly mostMs: number;
  /** Share of a pause that is drawn by chance, so that those who failed together do not come back together: 0 to 1. */
  readonly spread?: number;
}

/**
 * Milliseconds to wait after this many failures, the first being 1: exponential backoff with jitter, drawn from
 * (1 - spread) to 1 times the longest pause. `random` is uniform in [0, 1).
 */
export function backoffMs(
  failures: number,
  { firstMs, mostMs, spread = 0.5 }: Backoff,
  random = Math.random(),
): number {
  return Math.min(mostMs, firstMs * 2 ** (failures - 1)) * (1 - spread + spread * random);
}
