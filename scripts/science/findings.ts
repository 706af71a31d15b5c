/** Computes every number of docs/science.md but the known answers. */
import { DESIGNS, holds } from './coverage.ts';
import { type Finding, mean, share } from './finding.ts';
import type { Outcome } from './outcome.ts';
import type { Pool } from './pool.ts';
import type { LeakingAudit } from './studies.ts';
import { CLEAN, EMITTING, LEAKING, SCORED } from './worlds.ts';

const FALSE_ALARMS = 'False alarms';
const NAMES = 'Wrong names';
const COVERAGE = 'Intervals of 95%';
/** What an audit may claim of generators that leak nobody, and the share of the people it names who may be wrong. */
const MOST_ALARMS = { most: 0.01 };
const MOST_WRONG = { most: 0.1 };
const LEAST_COVERED = { least: 0.95 };

/** Audits of each kind. */
export interface Sizes {
  readonly clean: number;
  readonly leaking: number;
  readonly emitting: number;
  readonly coverage: number;
}

/** Everything but the known answers. */
export async function findings(pool: Pool, sizes: Sizes, note: (text: string) => void): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const key of Object.keys(CLEAN) as (keyof typeof CLEAN)[]) {
    const world = CLEAN[key].what;
    note(`${sizes.clean} clean audits: ${world} ...`);
    found.push(...alarms(`embeddings: ${world}`, await pool.run('clean', key, sizes.clean)));
  }
  for (const key of Object.keys(SCORED) as (keyof typeof SCORED)[]) {
    const { what, members, controls } = SCORED[key];
    const world = `scores: a property of the person, ${what}; ${members} and ${controls} people`;
    note(`${sizes.clean} clean audits, ${world} ...`);
    found.push(...alarms(world, await pool.run('scored', key, sizes.clean)));
  }
  for (const key of Object.keys(LEAKING) as (keyof typeof LEAKING)[]) {
    const world = `embeddings: ${LEAKING[key].what}`;
    note(`${sizes.leaking} audits, ${world} ...`);
    found.push(...leaks(world, await pool.run('leaking', key, sizes.leaking)));
  }
  for (const [place, { members, controls, leaked }] of DESIGNS.entries()) {
    const world = `scores: ${members} and ${controls} people, ${leaked * 100}% leaked`;
    note(`${sizes.coverage} audits, ${world} ...`);
    const covered = await pool.run('coverage', place, sizes.coverage);
    const of = (what: string, outcomes: readonly boolean[]) =>
      share({ topic: COVERAGE, world, what, target: LEAST_COVERED }, outcomes);
    found.push(
      of(
        'Delta',
        covered.map(({ delta }) => delta),
      ),
      of(
        'pi, the leaked share',
        covered.map(({ fraction }) => fraction),
      ),
    );
  }
  for (const key of Object.keys(EMITTING) as (keyof typeof EMITTING)[]) {
    const world = `embeddings: ${EMITTING[key].what}`;
    note(`${sizes.emitting} audits, ${world} ...`);
    const rates = (await pool.run('emitting', key, sizes.emitting)).flat();
    const held = rates.map(({ low, high, truth }) => low <= truth && truth <= high);
    found.push(share({ topic: COVERAGE, world, what: 'rate of emission', target: LEAST_COVERED }, held));
  }
  return found.toSorted((a, b) => order.indexOf(a.topic) - order.indexOf(b.topic));
}

const order = [FALSE_ALARMS, NAMES, COVERAGE];

function alarms(world: string, audits: readonly Outcome[]): readonly Finding[] {
  const of = (what: string, target: Finding['target'], is: (audit: Outcome) => boolean) =>
    share({ topic: FALSE_ALARMS, world, what, target }, audits.map(is));
  const gates = [...new Set(audits.flatMap(({ failed }) => failed))].sort();
  return [
    of('verdict LEAKAGE', MOST_ALARMS, ({ verdict }) => verdict === 'LEAKAGE'),
    of('of which the sides as wholes differ', null, ({ verdict, differs }) => verdict === 'LEAKAGE' && differs),
    ...gates.map((gate) => of(`INVALID, gate ${gate}`, null, ({ failed }) => failed.includes(gate))),
    of('anybody confirmed on fresh samples', null, ({ wrongConfirmed }) => wrongConfirmed > 0),
    // Where nobody leaks, every name is wrong.
    share(
      { topic: NAMES, world: `${world}; nobody leaks`, what: 'audits that name anybody', target: MOST_WRONG },
      audits.map(({ named }) => named > 0),
    ),
  ];
}

function leaks(world: string, audits: readonly LeakingAudit[]): readonly Finding[] {
  // The population: what all members, and all controls, of all these audits scored.
  const rate = (side: 'memberScores' | 'controlScores') => {
    const scores = Float64Array.from(audits.flatMap((audit) => audit[side])).sort();
    return (threshold: number) => 1 - countUpTo(scores, threshold) / scores.length;
  };
  const [member, control] = [rate('memberScores'), rate('controlScores')];
  const coverage = (what: string, held: readonly boolean[]) =>
    share({ topic: COVERAGE, world, what, target: LEAST_COVERED }, held);
  const verdicts = audits.filter(({ outcome }) => outcome.verdict === 'LEAKAGE').length;
  const leaked = audits.reduce((sum, audit) => sum + audit.leaked, 0) / audits.length;
  const described = `${world} (${(100 * leaked).toFixed(1)}% leaked, LEAKAGE in ${verdicts} of ${audits.length})`;
  return [
    mean(
      { topic: NAMES, world: described, what: 'share of those named who did not leak', target: MOST_WRONG },
      audits.map(({ outcome: { wrong, named } }) => (named > 0 ? wrong / named : 0)),
    ),
    coverage(
      'Delta',
      audits.map(({ outcome: { threshold, delta } }) => holds(delta, member(threshold) - control(threshold))),
    ),
    coverage(
      'pi, the leaked share',
      audits.map(({ outcome: { threshold, fraction } }) => {
        const [m, c] = [member(threshold), control(threshold)];
        return fraction === null || holds(fraction, (m - c) / (1 - c));
      }),
    ),
  ];
}

function countUpTo(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
