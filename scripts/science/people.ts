/** Draws the members and controls of a simulated audit. */
import { layOut } from '../../shared/audit/counts/roster.ts';
import type { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Person } from '../../shared/audit/verdict/analysis.ts';
import type { Gallery } from '../../shared/faces/gallery.ts';
import { LENGTH, type Population, photograph } from './population.ts';

/** Who takes part in an audit. */
export interface People {
  readonly roster: readonly Person[];
  readonly gallery: Gallery;
  /** Everybody, as directions: members and then controls. */
  readonly directions: readonly Float64Array[];
  readonly members: number;
  readonly photos: number;
}

export interface Sizes {
  readonly members: number;
  readonly controls: number;
  readonly photos: number;
}

export function gather(
  random: RandomState,
  { members, controls, photos }: Sizes,
  [memberPopulation, controlPopulation]: readonly [Population, Population],
): People {
  const everybody = members + controls;
  const embeddings = new Float32Array(everybody * photos * LENGTH);
  const roster = Array.from({ length: everybody }, (_, i): Person => {
    const key = `p${i}`;
    const role = i < members ? 'members' : 'controls';
    return { key, role, photos: Array.from({ length: photos }, (_, p) => `${key}-${p}`), available: photos };
  });
  const directions = roster.map(({ role }, i) => {
    const direction = new Float64Array(LENGTH);
    (role === 'members' ? memberPopulation : controlPopulation)(random, direction);
    for (let p = 0; p < photos; p++) photograph(random, direction, embeddings, (i * photos + p) * LENGTH);
    return direction;
  });
  return { roster, gallery: { embeddings, length: LENGTH, layout: layOut(roster) }, directions, members, photos };
}
