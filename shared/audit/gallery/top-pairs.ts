/** Keeps the highest similarities of many pairs. */
import type { ImpostorTail } from './profile.ts';

/** Places that a key has room for, beside the 32 bits of a similarity. */
const PLACES = 2 ** 21;

/** The highest of many similarities, each of a pair of identities, without keeping all. Of equal ones, the first seen. */
export class TopPairs {
  readonly #keep: number;
  readonly #similarity: Float32Array;
  readonly #a: Uint32Array;
  readonly #b: Uint32Array;
  #size = 0;
  #cut = Number.NEGATIVE_INFINITY;

  /** @throws RangeError unless `keep` is in 1..2^20. */
  constructor(keep: number) {
    if (!(Number.isInteger(keep) && keep >= 1 && 2 * keep <= PLACES)) throw new RangeError(`Not to keep: ${keep}.`);
    this.#keep = keep;
    this.#similarity = new Float32Array(2 * keep);
    this.#a = new Uint32Array(2 * keep);
    this.#b = new Uint32Array(2 * keep);
  }

  /**
   * One similarity with each of `columns`; pairs of one identity are passed over.
   *
   * @param values similarities from place `from` on.
   * @param columns identity numbers; those before `first` are passed over, too.
   */
  addRow(row: number, values: Float32Array, from: number, columns: Uint32Array, first: number): void {
    for (let column = first; column < columns.length; column++) {
      const value = values[from + column]!;
      if (!(value > this.#cut) || columns[column] === row) continue;
      const at = this.#size++;
      // Rounding can leave [-1, 1] by a hair.
      this.#similarity[at] = Math.max(-1, Math.min(1, value));
      this.#a[at] = Math.min(row, columns[column]!);
      this.#b[at] = Math.max(row, columns[column]!);
      if (this.#size === 2 * this.#keep) this.#prune();
    }
  }

  /** The highest, in order: columns of an ImpostorTail. */
  finish(): Pick<ImpostorTail, 'similarity' | 'a' | 'b'> {
    this.#prune();
    // Numbers sort without a comparison in JavaScript; of equal similarities the first seen comes first.
    const keys = Float64Array.from(this.#bits(), (word, place) => (0xffffffff - rising(word)) * PLACES + place).sort();
    const places = Uint32Array.from(keys, (key) => key % PLACES);
    return {
      similarity: Float32Array.from(places, (place) => this.#similarity[place]!),
      a: Uint32Array.from(places, (place) => this.#a[place]!),
      b: Uint32Array.from(places, (place) => this.#b[place]!),
    };
  }

  /** Drops all but the highest, in the order they came. */
  #prune(): void {
    if (this.#size <= this.#keep) return;
    const bits = this.#bits();
    const { least, above } = this.#least(bits);
    let ties = this.#keep - above;
    let size = 0;
    for (let i = 0; i < bits.length; i++) {
      const word = rising(bits[i]!);
      if (word < least || (word === least && ties-- <= 0)) continue;
      this.#similarity[size] = this.#similarity[i]!;
      this.#a[size] = this.#a[i]!;
      this.#b[size] = this.#b[i]!;
      if (word === least) this.#cut = this.#similarity[size]!;
      size++;
    }
    this.#size = size;
  }

  /** The lowest of those to be kept, and how many are above it: by the upper half of its bits, then by the lower. */
  #least(bits: Uint32Array): { readonly least: number; readonly above: number } {
    let above = 0;
    const select = (counts: Uint32Array): number => {
      let half = counts.length - 1;
      while (above + counts[half]! < this.#keep) above += counts[half--]!;
      return half;
    };
    const upper = new Uint32Array(2 ** 16);
    for (const word of bits) upper[rising(word) >>> 16]! += 1;
    const first = select(upper);
    const lower = new Uint32Array(2 ** 16);
    for (const word of bits) if (rising(word) >>> 16 === first) lower[rising(word) & 0xffff]! += 1;
    const second = select(lower);
    return { least: ((first << 16) | second) >>> 0, above };
  }

  #bits(): Uint32Array {
    return new Uint32Array(this.#similarity.buffer, 0, this.#size);
  }
}

/** A whole number that rises with the float whose bits are given. */
function rising(bits: number): number {
  return (bits & 0x80000000) !== 0 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}
