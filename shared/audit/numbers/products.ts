/** Rows of a block: two blocks and their products fit the processor's cache. Even. */
export const BLOCK = 32;

/**
 * The rows of BLOCK people from place `start` on, in double precision, which spares a conversion for every product.
 * Rows beyond the last person are 0.
 *
 * @param rows f32 [any, length]; people are numbers of rows.
 */
export function blockOf(rows: Float32Array, people: readonly number[], start: number, length: number): Float64Array {
  const block = new Float64Array(BLOCK * length);
  for (let i = 0; i < Math.min(BLOCK, people.length - start); i++) {
    const from = people[start + i]! * length;
    block.set(rows.subarray(from, from + length), i * length);
  }
  return block;
}

/** f64 [BLOCK, BLOCK] into `out`: every row of `a` with every row of `b`, two by two, so that each value serves twice. */
export function blockProducts(a: Float64Array, b: Float64Array, length: number, out: Float64Array): void {
  for (let row = 0; row < BLOCK; row += 2) {
    const a0 = row * length;
    const a1 = a0 + length;
    for (let column = 0; column < BLOCK; column += 2) {
      const b0 = column * length;
      const b1 = b0 + length;
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      for (let k = 0; k < length; k++) {
        const x0 = a[a0 + k]!;
        const x1 = a[a1 + k]!;
        const y0 = b[b0 + k]!;
        const y1 = b[b1 + k]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s10 += x1 * y0;
        s11 += x1 * y1;
      }
      const at = row * BLOCK + column;
      out[at] = s00;
      out[at + 1] = s01;
      out[at + BLOCK] = s10;
      out[at + BLOCK + 1] = s11;
    }
  }
}
