/** Factors and solves symmetric positive definite systems. */
import { dot } from './dot.ts';

/**
 * The lower triangle L with A = L L' (Cholesky), in place of A's; the upper triangle is left as it was.
 *
 * @param a f64 [n, n], symmetric and positive definite.
 * @throws RangeError if it is not.
 */
export function cholesky(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = a[i * n + j]! - dot(a, i * n, a, j * n, j);
      if (j < i) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else throw new RangeError('The matrix is not positive definite.');
    }
  }
}

/** Puts L^-1 x in place of each row x of `rows` f64 [count, n]: forward substitution. */
export function solveLower(l: Float64Array, rows: Float64Array, n: number): void {
  for (let start = 0; start < rows.length; start += n) {
    for (let i = 0; i < n; i++) {
      rows[start + i] = (rows[start + i]! - dot(l, i * n, rows, start, i)) / l[i * n + i]!;
    }
  }
}
