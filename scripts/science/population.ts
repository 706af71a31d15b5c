/** Draws people: where embeddings of identities come from. */
import type { RandomState } from '../../shared/audit/numbers/random.ts';

/** Numbers in an embedding. */
export const LENGTH = 64;

/**
 * Noise of a photo about its person. Two photos of one person then have cosine 0.642 +- 0.063, and photos of two people
 * 0 +- 0.125: as measured with a real recognizer.
 */
const SIGMA = 0.746 / Math.sqrt(LENGTH);

/** Where people come from: fills `out` [LENGTH] with one, a direction of length 1. */
export type Population = (random: RandomState, out: Float64Array) => void;

/** Everybody is as unlike everybody else as can be. */
export const isotropic: Population = (random, out) => {
  random.randn(out);
  normalise(out);
};

/** People who have something in common, and so are more alike than others, by how far they lean to it. */
export function leaning(by: number): Population {
  return (random, out) => {
    random.randn(out);
    out[0]! += by * Math.sqrt(LENGTH);
    normalise(out);
  };
}

/**
 * People who differ in how typical they are: everybody has something of one and the same face, some more and some less
 * (uniformly from `least` to `most`, as a cosine with it). How closely somebody is resembled is then mostly a property
 * of the person, so whoever scores high once scores high again.
 */
export function typical(least: number, most: number): Population {
  return (random, out) => {
    random.randn(out);
    out[0] = 0;
    normalise(out);
    const share = least + (most - least) * random.double();
    const rest = Math.sqrt(1 - share * share);
    for (let i = 0; i < LENGTH; i++) out[i]! *= rest;
    out[0] = share;
  };
}

const scratch = new Float64Array(LENGTH);

/** Writes a new photo of a person to `out` at `at`. */
export function photograph(random: RandomState, person: Float64Array, out: Float32Array, at: number): void {
  random.randn(scratch);
  for (let i = 0; i < LENGTH; i++) scratch[i] = person[i]! + SIGMA * scratch[i]!;
  normalise(scratch);
  out.set(scratch, at);
}

function normalise(values: Float64Array): void {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! * values[i]!;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
}
