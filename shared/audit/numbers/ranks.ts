/** The scores of two groups on one ladder of distinct values. */
export interface Ladder {
  /** Number of distinct scores. */
  readonly steps: number;
  /** [members] the step each member's score stands on, 0 the lowest. */
  readonly members: Uint32Array;
  /** [controls] */
  readonly controls: Uint32Array;
}

/** Ranks two groups of scores together. O(n log n). */
export function ladder(members: ArrayLike<number>, controls: ArrayLike<number>): Ladder {
  const values = Float64Array.from([...Array.from(members), ...Array.from(controls)]).sort();
  const distinct = values.filter((value, i) => i === 0 || value !== values[i - 1]);
  const stepOf = (value: number) => {
    let low = 0;
    let high = distinct.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (distinct[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    steps: distinct.length,
    members: Uint32Array.from(members, stepOf),
    controls: Uint32Array.from(controls, stepOf),
  };
}

/** [steps] how many of a group stand on each step. */
export function countSteps(group: Uint32Array, steps: number): Uint32Array {
  const counts = new Uint32Array(steps);
  for (const step of group) counts[step]! += 1;
  return counts;
}
