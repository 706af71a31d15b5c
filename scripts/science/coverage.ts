/** Simulates whether intervals hold the true value. */
import { ndtr } from 'cephes';
import { type Sides, split } from '../../shared/audit/evidence/comparison.ts';
import { leakedFraction } from '../../shared/audit/evidence/leaked.ts';
import type { Interval } from '../../shared/audit/numbers/intervals.ts';
import { derivedSeed } from '../../shared/audit/numbers/keyed.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';

/** Members of whom a share leaked, and their scores: Gumbel by chance, normal where they leaked. */
export interface Design {
  readonly members: number;
  readonly controls: number;
  readonly leaked: number;
}

export const DESIGNS: readonly Design[] = [
  { members: 500, controls: 500, leaked: 0 },
  { members: 500, controls: 500, leaked: 0.02 },
  { members: 500, controls: 500, leaked: 0.2 },
  { members: 100, controls: 100, leaked: 0.1 },
  { members: 2_000, controls: 400, leaked: 0.02 },
  { members: 50, controls: 1_000, leaked: 0.1 },
];

export interface Covered {
  readonly delta: boolean;
  readonly fraction: boolean;
}

const CHANCE = { location: 0.45, scale: 0.025 };
const COPY = { mean: 0.72, spread: 0.04 };

/**
 * Whether the intervals of one audit hold the truth: the rates at which a member and a control of this world exceed the
 * threshold that this audit has set, which the formulas of the scores give.
 */
export function coverage(seed: number, { members, controls, leaked }: Design): Covered {
  const random = new RandomState(derivedSeed('coverage', seed));
  const chance = () => CHANCE.location - CHANCE.scale * Math.log(-Math.log1p(-random.double()));
  const scores = Float32Array.from({ length: members + controls }, (_, i) =>
    i < members && random.double() < leaked ? Math.max(chance(), COPY.mean + COPY.spread * random.gauss()) : chance(),
  );
  const numbers = [...scores.keys()];
  const sides: Sides = {
    members: numbers.slice(0, members),
    controls: numbers.slice(members),
    controlKeys: numbers.slice(members).map(String),
    scores,
  };
  const { threshold, rates, delta } = split(sides, seed);
  const below = Math.exp(-Math.exp(-(threshold - CHANCE.location) / CHANCE.scale));
  const control = 1 - below;
  const copy = 1 - below * ndtr((threshold - COPY.mean) / COPY.spread);
  const member = leaked * copy + (1 - leaked) * control;
  const trials = (side: typeof rates.members) => ({ hits: side.hits, trials: side.identities });
  const fraction = leakedFraction(trials(rates.members), trials(rates.controls));
  return {
    delta: holds(delta, member - control),
    // Where every control was hit there is no interval, and nothing is claimed.
    fraction: fraction === null || holds(fraction, (member - control) / (1 - control)),
  };
}

export function holds({ low, high }: Interval, truth: number): boolean {
  return low <= truth && truth <= high;
}
