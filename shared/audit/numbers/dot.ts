/** Computes dot products in double precision. */

type Values = Float32Array | Float64Array;

/**
 * The product of `length` values of `a` from place i on with as many of `b` from place j on, in double precision. Four
 * sums side by side, because a processor need not wait for one sum to begin the next.
 */
export function dot(a: Values, i: number, b: Values, j: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    s0 += a[i + k]! * b[j + k]!;
    s1 += a[i + k + 1]! * b[j + k + 1]!;
    s2 += a[i + k + 2]! * b[j + k + 2]!;
    s3 += a[i + k + 3]! * b[j + k + 3]!;
  }
  for (; k < length; k++) s0 += a[i + k]! * b[j + k]!;
  return s0 + s1 + (s2 + s3);
}
