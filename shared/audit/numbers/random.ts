/** Generates the random numbers of numpy's legacy RandomState. */
import { RewoundError } from '../../errors.ts';
import { exactLog } from './log.ts';

const N = 624;
const M = 397;
const SEED_LIMIT = 2 ** 32;
const BELOW_LIMIT = 2 ** 21;

/**
 * numpy's legacy `RandomState`, the generator by which the field names its samples: `RandomState(seed).randn(z)` is
 * what the reference generators do with `--seeds`.
 *
 * MT19937 (Matsumoto and Nishimura 1998) seeded as numpy seeds an integer (init_genrand), 53-bit doubles
 * (genrand_res53), and normal numbers by Marsaglia's polar method with the second of each pair kept for the next call
 * (numpy/random/src/legacy). Whole numbers, doubles and uniforms equal numpy's bit for bit. Normal numbers depend on
 * the logarithm of the C library numpy was built against; `exactLog` rounds correctly, so float64 normals equal those
 * of numpy on glibc but for the last bit of about 1 in 2,900, and none of ten million differed as float32, in which
 * latents are used.
 */
export class RandomState {
  readonly #key = new Uint32Array(N);
  #position = N;
  #hasGauss = false;
  #gauss = 0;

  /** @throws USAGE if `seed` is not a whole number in 0..2^32-1. */
  constructor(seed: number) {
    this.reseed(seed);
  }

  /** Makes this the state of `new RandomState(seed)` without allocating. */
  reseed(seed: number): void {
    checkSeed(seed);
    const key = this.#key;
    let word = seed >>> 0;
    key[0] = word;
    for (let i = 1; i < N; i++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
      key[i] = word;
    }
    this.#position = N;
    this.#hasGauss = false;
    this.#gauss = 0;
  }

  /** The next 32 random bits, as a whole number in 0..2^32-1. */
  uint32(): number {
    if (this.#position === N) this.#twist();
    let y = this.#key[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** numpy's `random_sample()`: a multiple of 2^-53 in [0, 1). */
  double(): number {
    const a = this.uint32() >>> 5;
    const b = this.uint32() >>> 6;
    return (a * 67108864 + b) / 9007199254740992;
  }

  /** numpy's `randn()`: one standard normal number. */
  gauss(): number {
    if (this.#hasGauss) {
      this.#hasGauss = false;
      return this.#gauss;
    }
    let x1: number;
    let x2: number;
    let r2: number;
    do {
      x1 = 2 * this.double() - 1;
      x2 = 2 * this.double() - 1;
      r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1 || r2 === 0);
    const f = Math.sqrt((-2 * exactLog(r2)) / r2);
    this.#gauss = f * x1;
    this.#hasGauss = true;
    return f * x2;
  }

  /** Fills `out` as numpy's `randn(out.length)`. */
  randn(out: Float32Array | Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.gauss();
  }

  /** Fills `out` as numpy's `random_sample(out.length)`. */
  randomSample(out: Float32Array | Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.double();
  }

  /** Fills `out` as numpy's `uniform(low, high, out.length)`. */
  uniform(low: number, high: number, out: Float32Array | Float64Array): void {
    const range = high - low;
    for (let i = 0; i < out.length; i++) out[i] = low + range * this.double();
  }

  /**
   * A whole number in 0..n-1, each equally likely, for n in 1..2^21. Our own, not numpy's `randint`: the upper part of
   * a word times n, drawn again in the few cases that would favour some numbers (Lemire 2019, "Fast random integer
   * generation in an interval"). Up to 2^21 the product is exact as a double.
   */
  below(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= BELOW_LIMIT)) throw new RangeError(`below(${n}): not in 1..2^21`);
    for (;;) {
      const product = this.uint32() * n;
      const upper = Math.floor(product / SEED_LIMIT);
      const lower = product - upper * SEED_LIMIT;
      if (lower >= n || lower >= SEED_LIMIT % n) return upper;
    }
  }

  /** Shuffles in place (Fisher and Yates, Durstenfeld's form). Our own order, not numpy's. */
  shuffle<V>(values: { readonly length: number; [index: number]: V }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = values[i]!;
      values[i] = values[j]!;
      values[j] = kept;
    }
  }

  /** 0..n-1 in random order. */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  #twist(): void {
    const key = this.#key;
    for (let i = 0; i < N - M; i++) key[i] = key[i + M]! ^ mix(key[i]!, key[i + 1]!);
    for (let i = N - M; i < N - 1; i++) key[i] = key[i + M - N]! ^ mix(key[i]!, key[i + 1]!);
    key[N - 1] = key[M - 1]! ^ mix(key[N - 1]!, key[0]!);
    this.#position = 0;
  }
}

/** @throws USAGE if `seed` is not a whole number in 0..2^32-1. */
export function checkSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed < SEED_LIMIT) return;
  throw new RewoundError('USAGE', `${seed} is not a seed.`, {
    help: 'Give a whole number from 0 to 4294967295; the seed of the last sample must fit, too.',
  });
}

function mix(upper: number, lower: number): number {
  const y = (upper & 0x80000000) | (lower & 0x7fffffff);
  return (y >>> 1) ^ (lower & 1 ? 0x9908b0df : 0);
}
