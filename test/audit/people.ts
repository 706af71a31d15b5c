import { type Layout, layOut } from '../../shared/audit/counts/roster.ts';
import { centroidsOf } from '../../shared/audit/gallery/centroids.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';

/** Photos of one person then have cosine 0.642 on average. */
const NOISE = 0.746;

export interface People {
  /** f32 [faces, length] */
  readonly embeddings: Float32Array;
  readonly length: number;
  readonly layout: Layout;
  readonly centroids: Float32Array;
  readonly isMember: Uint8Array;
}

/** What a person's direction becomes before it is brought to length 1. */
export type Shift = (direction: Float64Array, person: number) => void;

/**
 * Members and then controls on a sphere: everybody is a random direction, and a photo a point near it. Drawn in the
 * order in which numpy's RandomState(seed).randn draws, so that numpy can make the very same people.
 */
export function peopleOn(
  seed: number,
  { members, controls, length, photos = 5 }: { members: number; controls: number; length: number; photos?: number },
  shift: Shift = () => undefined,
): People {
  const random = new RandomState(seed);
  const draw = (out: Float64Array, scale: number) => {
    random.randn(out);
    for (let i = 0; i < length; i++) out[i]! *= scale / Math.sqrt(length);
  };
  const embeddings = new Float32Array((members + controls) * photos * length);
  const direction = new Float64Array(length);
  const photo = new Float64Array(length);
  for (let person = 0; person < members + controls; person++) {
    draw(direction, 1);
    shift(direction, person);
    normalise(direction);
    for (let p = 0; p < photos; p++) {
      draw(photo, NOISE);
      for (let i = 0; i < length; i++) photo[i]! += direction[i]!;
      normalise(photo);
      embeddings.set(photo, (person * photos + p) * length);
    }
  }
  const roster = Array.from({ length: members + controls }, (_, i) => ({
    role: i < members ? ('members' as const) : ('controls' as const),
    photos: { length: photos },
  }));
  const layout = layOut(roster);
  return { embeddings, length, layout, centroids: centroidsOf(embeddings, length, layout), isMember: layout.isMember };
}

/** Controls that differ from members along the first axis. */
export function shifted(members: number, by: number): Shift {
  return (direction, person) => {
    if (person >= members) direction[0]! += by;
  };
}

function normalise(values: Float64Array): void {
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  for (let i = 0; i < values.length; i++) values[i]! /= norm;
}
