/** Draws the embeddings of generated faces, with and without leaks. */
import type { RandomState } from '../../shared/audit/numbers/random.ts';
import type { People } from './people.ts';
import { isotropic, LENGTH, type Population, photograph } from './population.ts';

/** Writes the embedding of one sample to `out` at `at`, and says which member it shows: their number, or -1. */
export type Sampler = (random: RandomState, out: Float32Array, at: number) => number;
/** Trained on the members of these people. */
export type Generator = (people: People, random: RandomState) => Sampler;

/** A new person every time: nobody leaks. */
export function oracle(population: Population = isotropic): Generator {
  return () => {
    const person = new Float64Array(LENGTH);
    return (random, out, at) => {
      population(random, person);
      photograph(random, person, out, at);
      return -1;
    };
  };
}

/** With probability p a new photo of a member, each as likely; otherwise a new person. */
export function leak(p: number): Generator {
  return withProbability(p, ({ directions, members }) => (random, out, at) => {
    const member = random.below(members);
    photograph(random, directions[member]!, out, at);
    return member;
  });
}

/** The members' own photos. */
export const copies: Generator = ({ gallery, members, photos }) => {
  return (random, out, at) => {
    const face = random.below(members * photos);
    out.set(gallery.embeddings.subarray(face * LENGTH, (face + 1) * LENGTH), at);
    return Math.floor(face / photos);
  };
};

/** New photos of a few people who are neither members nor controls, and of nobody else. */
export function collapse(strangers: number): Generator {
  return (_, random) => {
    const people = Array.from({ length: strangers }, () => {
      const person = new Float64Array(LENGTH);
      isotropic(random, person);
      return person;
    });
    return (random, out, at) => {
      photograph(random, people[random.below(strangers)]!, out, at);
      return -1;
    };
  };
}

/** One member is this share of the output, in new photos. */
export function lone(share: number): Generator {
  return withProbability(share, ({ directions }) => (random, out, at) => {
    photograph(random, directions[0]!, out, at);
    return 0;
  });
}

function withProbability(p: number, generator: Generator): Generator {
  return (people, random) => {
    const leaking = generator(people, random);
    const fresh = oracle()(people, random);
    return (random, out, at) => (random.double() < p ? leaking : fresh)(random, out, at);
  };
}
