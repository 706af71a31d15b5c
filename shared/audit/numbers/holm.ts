/**
 * Adjusts the p values of several tests so that rejecting those at or below a level keeps the chance of even one false
 * rejection at or below it, however the tests depend on each other: the i-th smallest of n, counted from 0, times
 * n - i, never below a smaller one's and at most 1 (Holm, Scandinavian Journal of Statistics 6, 1979).
 *
 * @returns [n], in the order given.
 */
export function holm(p: readonly number[]): readonly number[] {
  const adjusted = new Array<number>(p.length);
  let greatest = 0;
  const order = [...p.keys()].sort((i, j) => p[i]! - p[j]!);
  for (const [rank, test] of order.entries()) {
    greatest = Math.max(greatest, Math.min(1, (p.length - rank) * p[test]!));
    adjusted[test] = greatest;
  }
  return adjusted;
}
