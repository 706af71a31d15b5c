/** Where rows lie in few directions without any noise, nothing is to be shrunk, and yet all is to be inverted. */
const LEAST_SHRINKAGE = 1e-6;

/**
 * The covariance of rows, shrunk toward a multiple of the identity so that it can be inverted however few the rows are:
 * Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (Journal of Multivariate
 * Analysis 88, 2004), with the share of the shrinkage that is optimal for squared error.
 *
 * @param rows f64 [n, length], with mean 0.
 * @returns f64 [length, length]; both triangles.
 */
export function shrunkCovariance(rows: Float64Array, length: number): { covariance: Float64Array; shrinkage: number } {
  const n = rows.length / length;
  const covariance = crossProducts(rows, length).map((sum) => sum / n);
  let trace = 0;
  let squares = 0;
  for (let i = 0; i < length; i++) trace += covariance[i * length + i]!;
  for (const value of covariance) squares += value * value;
  const mean = trace / length;
  let fourth = 0;
  for (let row = 0; row < n; row++) {
    let norm = 0;
    for (let i = row * length; i < (row + 1) * length; i++) norm += rows[i]! * rows[i]!;
    fourth += norm * norm;
  }
  // In the paper's words: how far S lies from the target, and how far from the truth S is on average (d^2 and b^2).
  const distance = squares - length * mean * mean;
  const noise = Math.min((fourth / n - squares) / n, distance);
  const shrinkage = distance > 0 ? Math.max(LEAST_SHRINKAGE, noise / distance) : 1;
  for (let i = 0; i < covariance.length; i++) covariance[i]! *= 1 - shrinkage;
  for (let i = 0; i < length; i++) covariance[i * length + i]! += shrinkage * mean;
  return { covariance, shrinkage };
}

/** f64 [length, length]: X'X. Four rows at a time, so that each sum is fetched and stored once for four products. */
function crossProducts(rows: Float64Array, length: number): Float64Array {
  const n = rows.length / length;
  const sums = new Float64Array(length * length);
  const nothing = new Float64Array(length);
  const rowOf = (row: number) => (row < n ? rows.subarray(row * length, (row + 1) * length) : nothing);
  for (let row = 0; row < n; row += 4) {
    const [a, b, c, d] = [rowOf(row), rowOf(row + 1), rowOf(row + 2), rowOf(row + 3)] as const;
    for (let i = 0; i < length; i++) {
      const [ai, bi, ci, di] = [a[i]!, b[i]!, c[i]!, d[i]!] as const;
      const at = i * length;
      for (let j = 0; j <= i; j++) sums[at + j]! += ai * a[j]! + bi * b[j]! + ci * c[j]! + di * d[j]!;
    }
  }
  for (let i = 0; i < length; i++) for (let j = 0; j < i; j++) sums[j * length + i] = sums[i * length + j]!;
  return sums;
}
