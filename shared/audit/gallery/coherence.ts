/** Judges whether photos that are said to show one person are more alike than photos of different people. */
import { dot } from '../numbers/dot.ts';

/** Fewer people cannot tell. */
const FEWEST = 20;
/** Standard normal quantile of 95%: so much more than half of the people must be more like themselves. */
const Z95 = 1.645;

export interface Coherence {
  /** People with at least two photos. */
  readonly people: number;
  /** Those of whom two photos are more alike than one of them and a photo of the next person. */
  readonly alike: number;
  /** False where people are no more like themselves than like others: a sign test cannot tell the share from one half. */
  readonly plausible: boolean;
}

/**
 * Each person's first two photos against the second photo of the next person: of people the share that is more like
 * itself is close to 1, of folders that are none it is one half.
 *
 * @param people for each, rows of embeddings of length 1, f32 [length]; those with one photo are passed over.
 */
export function coherenceOf(people: readonly (readonly Float32Array[])[]): Coherence {
  const several = people.filter(({ length }) => length >= 2);
  const cosine = (a: Float32Array, b: Float32Array) => dot(a, 0, b, 0, a.length);
  const alike = several.filter(([first, second], i) => {
    const other = several[(i + 1) % several.length]![1]!;
    return cosine(first!, second!) > cosine(first!, other);
  }).length;
  const enough = several.length / 2 + (Z95 / 2) * Math.sqrt(several.length);
  return { people: several.length, alike, plausible: several.length < FEWEST || alike > enough };
}
