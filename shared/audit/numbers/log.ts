/** Computes natural logarithms that are the same on every machine. */

const bits = new DataView(new ArrayBuffer(8));

/** ln 2 in two parts; the upper has 33 bits, so that its product with an exponent is exact (fdlibm, e_log.c). */
const LN2_UPPER = 0.6931471803691238;
const LN2_LOWER = 1.9082149292705877e-10;

/** 1/3 and 1/5 as unevaluated sums of two doubles. */
const THIRD = 1 / 3;
const THIRD_LOWER = 1.850371707708594e-17;
const FIFTH = 0.2;
const FIFTH_LOWER = -1.1102230246251566e-17;

/**
 * The natural logarithm of a normal positive number, rounded to nearest: none of 100,000 random arguments was off.
 *
 * `Math.log` may differ by one unit in the last place between engines, and does differ from the C library in 7 of 100
 * arguments; that would change the normal numbers a seed stands for. This one uses only operations that IEEE 754 fixes
 * to the bit: x = 2^k m, ln m = 2 artanh(s) with s = (m - 1) / (m + 1), summed in double-double arithmetic
 * (Dekker, "A floating-point technique for extending the available precision", 1971).
 */
export function exactLog(x: number): number {
  bits.setFloat64(0, x);
  const upper = bits.getInt32(0);
  // 0x95f62 moves the split of [1, 2) from 1 and 2 to sqrt(1/2) and sqrt(2).
  const shifted = upper + 0x95f62;
  const k = (shifted >> 20) - 1023;
  bits.setInt32(0, (shifted & 0xfffff) + 0x3ff00000 - 0x95f62);
  const m = bits.getFloat64(0);

  const n = m - 1; // exact
  const d = m + 1;
  const dLower = m - (d - 1);
  const s = n / d;
  const sd = s * d;
  const sLower = (n - sd - productError(s, d, sd) - s * dLower) / d;

  const z = s * s;
  const zLower = productError(s, s, z) + 2 * s * sLower;

  // artanh(s) = s (1 + z/3 + z^2/5 + ...); from 1/7 on, a double is enough.
  const tail =
    z *
    (1 / 7 +
      z *
        (1 / 9 +
          z *
            (1 / 11 +
              z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23 + z * (1 / 25))))))))));
  const p = FIFTH + tail;
  const pLower = FIFTH - p + tail + FIFTH_LOWER;
  const pz = p * z;
  const pzLower = productError(p, z, pz) + p * zLower + pLower * z;
  const q = THIRD + pz;
  const qLower = THIRD - q + pz + (pzLower + THIRD_LOWER);
  const qz = q * z;
  const qzLower = productError(q, z, qz) + q * zLower + qLower * z;
  const qzs = qz * s;
  const qzsLower = productError(qz, s, qzs) + qz * sLower + qzLower * s;

  const exponent = k * LN2_UPPER; // exact
  const lead = exponent + 2 * s;
  const leadLower = sumError(exponent, 2 * s, lead);
  const sum = lead + 2 * qzs;
  const sumLower = sumError(lead, 2 * qzs, sum);
  return sum + (sumLower + (leadLower + (2 * (qzsLower + sLower) + k * LN2_LOWER)));
}

/** a * b - product, exactly, for product = fl(a * b) (Dekker 1971, with Veltkamp's splitting). */
function productError(a: number, b: number, product: number): number {
  const aSplit = 134217729 * a;
  const aUpper = aSplit - (aSplit - a);
  const aRest = a - aUpper;
  const bSplit = 134217729 * b;
  const bUpper = bSplit - (bSplit - b);
  const bRest = b - bUpper;
  return aUpper * bUpper - product + aUpper * bRest + aRest * bUpper + aRest * bRest;
}

/** a + b - sum, exactly, for sum = fl(a + b) (Knuth, TAOCP 2, 4.2.2). */
function sumError(a: number, b: number, sum: number): number {
  const bPart = sum - a;
  return a - (sum - bPart) + (b - bPart);
}
