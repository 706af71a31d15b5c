/** Lists what can be simulated of one seed, by name. */
import { scores as scoresOf } from '../../shared/audit/counts/staircase.ts';
import { hitsFrom } from '../../shared/audit/counts/summary.ts';
import { firstBinAbove } from '../../shared/audit/numbers/bins.ts';
import { dot } from '../../shared/audit/numbers/dot.ts';
import { derivedSeed } from '../../shared/audit/numbers/keyed.ts';
import { RandomState } from '../../shared/audit/numbers/random.ts';
import type { Verdict } from '../../shared/audit/verdict/verdict.ts';
import type { Prepared, SimulatedAudit, Simulator } from './audit.ts';
import { type Covered, coverage, DESIGNS } from './coverage.ts';
import { type Answer, answerOf, KNOWN, type Known } from './known.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { LENGTH, photograph } from './population.ts';
import { auditScores } from './scores.ts';
import { CLEAN, EMITTING, type EmbeddingWorld, LEAKING, SCORED, type ScoreWorld } from './worlds.ts';

export interface KnownAudit {
  readonly answer: Answer;
  readonly verdict: Verdict;
  readonly people: number;
}

export interface LeakingAudit {
  readonly outcome: Outcome;
  /** Share of the members of whom there was a sample. */
  readonly leaked: number;
  readonly memberScores: readonly number[];
  readonly controlScores: readonly number[];
}

/** A confirmed rate of emission, and what it was. */
export interface Emission {
  readonly low: number;
  readonly high: number;
  /** The rate at which a sample shows the person and exceeds the threshold. */
  readonly truth: number;
}

/** What can be simulated of one seed, by name; every result is plain data, for it comes from another process. */
export const STUDIES = {
  async known(simulator: Simulator, seed: number): Promise<Record<string, KnownAudit>> {
    const alike = await simulator.prepare(seed);
    const out: Record<string, KnownAudit> = {};
    for (const [key, { world, generator, threshold }] of Object.entries<Known>(KNOWN)) {
      const prepared = world.populations ? await simulator.prepare(seed, world) : alike;
      const audit = await simulator.audit(prepared, generator, { permutations: 1_999, bootstraps: 100 });
      out[key] = {
        answer: answerOf(audit, threshold),
        verdict: audit.conclusion.verdict,
        people: audit.conclusion.people.length,
      };
    }
    return out;
  },

  async clean(simulator: Simulator, seed: number, world: keyof typeof CLEAN): Promise<Outcome> {
    const { audit } = await simulate(simulator, seed, CLEAN[world]);
    return outcomeOf(audit.analysis, audit.conclusion, () => false);
  },

  async leaking(simulator: Simulator, seed: number, world: keyof typeof LEAKING): Promise<LeakingAudit> {
    const { audit } = await simulate(simulator, seed, LEAKING[world]);
    const { measured, analysis, conclusion, emitted } = audit;
    const scores = scoresOf(measured.summary.stairs);
    return {
      outcome: outcomeOf(analysis, conclusion, (identity) => emitted[identity]! > 0),
      leaked: emitted.filter((samples) => samples > 0).length / emitted.length,
      memberScores: [...scores.subarray(0, emitted.length)],
      controlScores: [...scores.subarray(emitted.length)],
    };
  },

  async emitting(simulator: Simulator, seed: number, world: keyof typeof EMITTING): Promise<readonly Emission[]> {
    const { audit, prepared } = await simulate(simulator, seed, EMITTING[world]);
    const { analysis, measured, emitted } = audit;
    const { threshold, compared } = analysis.comparison!;
    const random = new RandomState(derivedSeed('new photos', seed));
    // Strangers' samples exceed the threshold for anybody as often as for a control.
    const hits = hitsFrom(measured.summary, firstBinAbove(threshold));
    const chance =
      compared.reduce((sum, control) => sum + hits[control]!, 0) / compared.length / measured.summary.frame.samples;
    return analysis.naming!.named.flatMap(({ identity, fresh }) =>
      fresh && emitted[identity]! > 0
        ? [
            {
              low: fresh.low,
              high: fresh.high,
              truth: EMITTING[world].rate * recognised(prepared, identity, threshold, random) + chance,
            },
          ]
        : [],
    );
  },

  async scored(_: Simulator, seed: number, world: keyof typeof SCORED): Promise<Outcome> {
    const { members, controls, draw }: ScoreWorld = SCORED[world];
    const audit = auditScores(seed, { members, controls }, draw, { permutations: 1_999, bootstraps: 2 });
    return outcomeOf(audit.analysis, audit.conclusion, (identity) => audit.people[identity]!.leaked);
  },

  async coverage(_: Simulator, seed: number, design: number): Promise<Covered> {
    return coverage(seed, DESIGNS[design]!);
  },
} as const;

async function simulate(simulator: Simulator, seed: number, { world, generator, effort }: EmbeddingWorld) {
  const prepared = await simulator.prepare(seed, world);
  const audit: SimulatedAudit = await simulator.audit(prepared, generator, effort);
  return { prepared, audit };
}

const NEW_PHOTOS = 1_000;

/** The probability that a new photo of a person is more similar than the threshold to one of theirs. */
function recognised({ people }: Prepared, identity: number, threshold: number, random: RandomState): number {
  const { embeddings, layout } = people.gallery;
  const photo = new Float32Array(LENGTH);
  let count = 0;
  for (let i = 0; i < NEW_PHOTOS; i++) {
    photograph(random, people.directions[identity]!, photo, 0);
    for (let face = layout.faceStart[identity]!; face < layout.faceStart[identity + 1]!; face++) {
      if (dot(embeddings, face * LENGTH, photo, 0, LENGTH) <= threshold) continue;
      count++;
      break;
    }
  }
  return count / NEW_PHOTOS;
}
