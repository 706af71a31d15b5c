/** Lists worlds in which the right answer is known. */
import { scores as scoresOf } from '../../shared/audit/counts/staircase.ts';
import type { SimulatedAudit, World } from './audit.ts';
import { collapse, copies, type Generator, leak, lone, oracle } from './generators.ts';
import { isotropic, leaning } from './population.ts';

/** What an audit of a known world says, as numbers that can be averaged. */
export interface Answer {
  /** Share of the members of whom there was a sample. */
  readonly leaked: number;
  /** Shares above the similarity that one in a million pairs of strangers exceeds, and their difference. */
  readonly members: number;
  readonly controls: number;
  readonly delta: number;
  readonly auc: number;
  /** Members named by conformal p values; the share of them of whom there was no sample, NaN if nobody is named. */
  readonly discoveries: number;
  readonly falseShare: number;
}

/** A world in which what must come out is known. */
export interface Known {
  readonly name: string;
  readonly generator: Generator;
  readonly world: World;
  /** Means of EXPECTED_FROM audits, computed apart from this project. */
  readonly expected: Answer;
  /** Standard deviation of one audit's answer, in 40 audits. */
  readonly spread: Answer;
  /** The similarity in the place of the audit's own for a false match rate of 1e-6. */
  readonly threshold?: number;
}

/** Audits behind every expected answer. */
export const EXPECTED_FROM = 40;
/** Members lean to one side, as does what the generator learnt of them, and the controls do not. */
const LEAN = leaning(0.35);
/** What one in a million pairs of strangers exceeds where nobody leans: of the beta distribution of a cosine squared. */
const ONE_IN_A_MILLION = 0.55074;

type Row = readonly [number, number, number, number, number, number, number];

export const KNOWN = {
  oracle: known(
    ['oracle: fresh people', oracle()],
    [0, 0.048, 0.046, 0.002, 0.502, 0, Number.NaN],
    [0, 0.017, 0.019, 0.012, 0.02, 0, 0],
  ),
  seldom: known(
    ['identity leak, p = 0.001', leak(0.001)],
    [0.019, 0.069, 0.049, 0.02, 0.511, 7.4, 0.08],
    [0.007, 0.02, 0.018, 0.016, 0.02, 6.4, 0.12],
  ),
  often: known(
    ['identity leak, p = 0.01', leak(0.01)],
    [0.181, 0.22, 0.049, 0.172, 0.589, 98.5, 0.08],
    [0.016, 0.021, 0.018, 0.019, 0.023, 8.7, 0.041],
  ),
  mostly: known(
    ['identity leak, p = 0.1', leak(0.1)],
    [0.866, 0.873, 0.045, 0.828, 0.934, 439, 0.01],
    [0.016, 0.017, 0.018, 0.02, 0.009, 8.1, 0.005],
  ),
  copies: known(
    ['copies of members', copies],
    [1, 1, 0.014, 0.986, 1, 500, 0],
    [0, 0.001, 0.004, 0.004, 0.001, 0.5, 0],
  ),
  collapse: known(
    ['collapse onto 20 strangers', collapse(20)],
    [0, 0.023, 0.024, -0.001, 0.503, 0, Number.NaN],
    [0, 0.009, 0.012, 0.01, 0.025, 0, 0],
  ),
  lone: known(
    ['one member is 1% of the output', lone(0.01)],
    [0.002, 0.048, 0.05, -0.002, 0.503, 0, Number.NaN],
    [0, 0.018, 0.018, 0.013, 0.017, 0, 0],
  ),
  shifted: {
    ...known(
      ['shifted controls, no leak', oracle(LEAN)],
      [0, 0.342, 0.047, 0.295, 0.866, 77, 1],
      [0, 0.021, 0.01, 0.023, 0.013, 75, 0],
    ),
    world: { populations: [LEAN, isotropic] },
    // Members resemble each other: of their pairs, more exceed any similarity.
    threshold: ONE_IN_A_MILLION,
  },
} as const satisfies Record<string, Known>;

function known([name, generator]: readonly [string, Generator], expected: Row, spread: Row): Known {
  return { name, generator, world: {}, expected: answer(expected), spread: answer(spread) };
}

function answer([leaked, members, controls, delta, auc, discoveries, falseShare]: Row): Answer {
  return { leaked, members, controls, delta, auc, discoveries, falseShare };
}

export function answerOf({ measured, analysis, emitted }: SimulatedAudit, threshold?: number): Answer {
  const { thresholds, auc } = analysis.comparison!;
  const scores = scoresOf(measured.summary.stairs);
  const above = threshold ?? thresholds.find(({ fmr }) => fmr === 1e-6)!.value;
  const share = (side: Float32Array) => side.filter((score) => score > above).length / side.length;
  const [members, controls] = [share(scores.subarray(0, emitted.length)), share(scores.subarray(emitted.length))];
  const named = analysis.naming!.named.filter(({ tier }) => tier !== 'parametric');
  const wrong = named.filter(({ identity }) => emitted[identity] === 0).length;
  return {
    leaked: emitted.filter((samples) => samples > 0).length / emitted.length,
    members,
    controls,
    delta: members - controls,
    auc: auc.estimate,
    discoveries: named.length,
    falseShare: wrong / named.length,
  };
}

/** The mean of each number, over the audits in which there is one. */
export function meanAnswer(answers: readonly Answer[]): Answer {
  const mean = (of: keyof Answer) => {
    const values = answers.map((one) => one[of]).filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return answer([
    mean('leaked'),
    mean('members'),
    mean('controls'),
    mean('delta'),
    mean('auc'),
    mean('discoveries'),
    mean('falseShare'),
  ]);
}
