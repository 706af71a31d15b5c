/** Lists the worlds in which audits are simulated. */
import type { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Effort, World } from './audit.ts';
import { type Generator, leak, oracle } from './generators.ts';
import type { Sizes } from './people.ts';
import { isotropic, typical } from './population.ts';
import type { Draw } from './scores.ts';

/** A world whose audits are simulated from the embeddings on. */
export interface EmbeddingWorld {
  readonly what: string;
  readonly world: World;
  readonly generator: Generator;
  readonly effort: Effort;
}

/** A world whose audits are simulated from the scores on. */
export interface ScoreWorld {
  readonly what: string;
  readonly members: number;
  readonly controls: number;
  readonly draw: Draw;
}

/** Smaller than what the product does, for there are thousands of these: 9,999 permutations and 2,000 bootstraps there. */
const EFFORT: Effort = { samples: 5_000, permutations: 1_999, bootstraps: 400 };
const SIZES = { members: 500, controls: 500, photos: 2 };
const FEW = { members: 200, controls: 200, photos: 2 };
const people = (population = isotropic, sizes: Sizes = SIZES): World => ({
  sizes,
  populations: [population, population],
});

/** Scores of the same people in two runs then have correlation 0.74, and 0 where everybody is as unlike as can be. */
const TYPICAL = typical(0.1, 0.7);

export const CLEAN = {
  alike: { what: 'people as unlike as can be', world: people(), generator: oracle(), effort: EFFORT },
  typical: {
    what: 'people who differ in how typical they are',
    // With a third photo most of them are still recognised at the threshold.
    world: people(TYPICAL, { ...SIZES, photos: 3 }),
    generator: oracle(TYPICAL),
    effort: EFFORT,
  },
} as const satisfies Record<string, EmbeddingWorld>;

export const LEAKING = {
  seldom: { what: 'identity leak, p = 0.002', world: people(), generator: leak(0.002), effort: EFFORT },
  often: { what: 'identity leak, p = 0.02', world: people(), generator: leak(0.02), effort: EFFORT },
  mostly: { what: 'identity leak, p = 0.2', world: people(), generator: leak(0.2), effort: EFFORT },
} as const satisfies Record<string, EmbeddingWorld>;

/** `rate` is the share of the samples that show a certain member. */
export const EMITTING = {
  rare: { ...emitting('each member is 1 in 2,000 samples', 0.1), rate: 0.1 / FEW.members },
  common: { ...emitting('each member is 1 in 400 samples', 0.5), rate: 0.5 / FEW.members },
} as const satisfies Record<string, EmbeddingWorld & { readonly rate: number }>;

function emitting(what: string, p: number): EmbeddingWorld {
  return { what, world: people(isotropic, FEW), generator: leak(p), effort: EFFORT };
}

/** A score is a property of the person, whom fresh samples therefore confirm. */
function property(of: (random: RandomState) => number): Draw {
  return (random) => {
    const own = of(random);
    return { first: own + 0.003 * random.gauss(), fresh: own + 0.003 * random.gauss(), leaked: false };
  };
}

const gumbel = (random: RandomState) => -Math.log(-Math.log1p(-random.double()));
const equal = { members: 500, controls: 500 };

export const SCORED = {
  gumbel: { what: 'Gumbel', ...equal, draw: property((random) => 0.45 + 0.025 * gumbel(random)) },
  fewMembers: {
    what: 'Gumbel',
    members: 50,
    controls: 1_000,
    draw: property((random) => 0.45 + 0.025 * gumbel(random)),
  },
  lognormal: { what: 'log-normal', ...equal, draw: property((random) => 0.4 + 0.08 * Math.exp(0.5 * random.gauss())) },
  frechet: {
    what: 'generalised extreme value, shape 0.15',
    ...equal,
    draw: property((random) => 0.45 + (0.02 * Math.expm1(0.15 * gumbel(random))) / 0.15),
  },
  lifted: {
    what: 'Gumbel, and one in 50 far above',
    ...equal,
    draw: property((random) => 0.45 + 0.025 * gumbel(random) + (random.double() < 0.02 ? 0.2 : 0)),
  },
} as const satisfies Record<string, ScoreWorld>;
