/**
 * How unusual each person's score is among people who were not trained on: the share of the H controls that score at
 * least as high, counting the person among them, p_i = (1 + #{control >= S_i}) / (H + 1). Exactly valid for a person
 * exchangeable with the controls, whatever the scores' distribution (Vovk, Gammerman and Shafer, "Algorithmic Learning
 * in a Random World", 2005).
 *
 * @param scores [n] of those who are judged.
 * @param controlScores [H]
 * @returns [n]
 */
export function conformal(scores: ArrayLike<number>, controlScores: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(controlScores).sort();
  return Float64Array.from(scores, (score) => (1 + sorted.length - countBelow(sorted, score)) / (sorted.length + 1));
}

/**
 * The smallest false discovery rate at which each is among the discoveries: Benjamini and Hochberg's adjusted p values,
 * q_(i) = min over j >= i of p_(j) n / j (J. R. Stat. Soc. B 57, 1995). Naming everybody with q <= 0.1 keeps the
 * expected share of wrong names at or below 0.1; conformal p values share their controls, and it holds for them too
 * (Bates, Candes, Lei, Romano and Sesia, "Testing for outliers with conformal p-values", Annals of Statistics 51, 2023).
 *
 * @param p [n] in (0, 1]
 * @returns [n], in the order given; equal p have equal q.
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: p.length }, (_, i) => i).sort((i, j) => p[i]! - p[j]!);
  const q = new Float64Array(p.length);
  let least = 1;
  for (let rank = p.length; rank >= 1; rank--) {
    const person = order[rank - 1]!;
    least = Math.min(least, adjusted(p[person]!, p.length, rank));
    q[person] = least;
  }
  return q;
}

/**
 * The fewest controls with which `discoveries` of `members` people can have q at or below `level`, be their scores as
 * high as can be. No conformal p is below 1/(H + 1), so H + 1 >= members / (level * discoveries).
 *
 * @throws RangeError unless 1 <= discoveries <= members and level is in (0, 1].
 */
export function controlsNeeded(members: number, level: number, discoveries = 1): number {
  if (!(discoveries >= 1 && discoveries <= members && level > 0 && level <= 1)) {
    throw new RangeError(`${discoveries} of ${members} at ${level} are no discoveries.`);
  }
  const reaches = (controls: number) => adjusted(1 / (controls + 1), members, discoveries) <= level;
  let controls = Math.max(0, Math.floor(members / (level * discoveries)) - 2);
  // The last steps by the very arithmetic that will judge: rounding must not promise what it then denies.
  while (!reaches(controls)) controls++;
  return controls;
}

function adjusted(p: number, n: number, rank: number): number {
  return (p * n) / rank;
}

/** How many of the ascending values are below `value`. */
function countBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
