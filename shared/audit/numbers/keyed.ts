/** Draws randomness that belongs to a thing and not to its place in a list. */
import { createHash } from 'node:crypto';

/**
 * Randomness that belongs to a thing, not to its place in a list: the SHA-256 of what it is for, the audit's seed and
 * the thing's names. Hex, so that comparing the strings compares the numbers.
 */
export function keyedHash(purpose: string, seed: number, ...names: readonly string[]): string {
  // JSON keeps ("a", "bc") and ("ab", "c") apart.
  return createHash('sha256')
    .update(JSON.stringify([purpose, seed, ...names]))
    .digest('hex');
}

/** A seed of its own for one use of chance, so that no two uses share their random numbers. In 0..2^32-1. */
export function derivedSeed(purpose: string, seed: number): number {
  return Number.parseInt(keyedHash(purpose, seed).slice(0, 8), 16);
}

/** 0..n-1 in an order that depends on the keys, the seed and the purpose, not on the order the keys are given in. */
export function keyedOrder(purpose: string, seed: number, keys: readonly string[]): readonly number[] {
  const hashes = keys.map((key) => keyedHash(purpose, seed, key));
  return keys
    .map((_, i) => i)
    .sort((a, b) => compareStrings(hashes[a]!, hashes[b]!) || compareStrings(keys[a]!, keys[b]!));
}

/** By code unit: the same on every machine, whatever its language. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
