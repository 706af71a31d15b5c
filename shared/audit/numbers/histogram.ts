/** Identities by score; bin i holds [edges[i], edges[i + 1]). */
export interface ScoreHistogram {
  readonly edges: readonly number[];
  readonly members: readonly number[];
  readonly controls: readonly number[];
}

/** Bins in a unit of similarity: 0.02 wide. */
const PER_UNIT = 50;

/** From the bin of the lowest score to that of the highest. Without a score there is no bin and no edge. */
export function scoreHistogram(members: ArrayLike<number>, controls: ArrayLike<number>): ScoreHistogram {
  const places = (scores: ArrayLike<number>) => Array.from(scores, (score) => Math.floor(score * PER_UNIT));
  const memberPlaces = places(members);
  const controlPlaces = places(controls);
  const all = [...memberPlaces, ...controlPlaces];
  if (all.length === 0) return { edges: [], members: [], controls: [] };
  const first = all.reduce((least, place) => Math.min(least, place));
  const bins = all.reduce((most, place) => Math.max(most, place)) - first + 1;
  const count = (group: readonly number[]) => {
    const counts = new Array<number>(bins).fill(0);
    for (const place of group) counts[place - first]! += 1;
    return counts;
  };
  return {
    edges: Array.from({ length: bins + 1 }, (_, i) => (first + i) / PER_UNIT),
    members: count(memberPlaces),
    controls: count(controlPlaces),
  };
}
