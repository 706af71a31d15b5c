/** Judges whether people of both sides lie alike among each other. */
import type { Spread } from '../gallery/spread.ts';
import { compareSamples } from '../numbers/two-samples.ts';
import type { Gate } from './gate.ts';

/**
 * Together the six tests fail a fair split in at most this share of audits (Bonferroni): the blind gate and that of the
 * sides end 2.5% each already. What they look for is seen all the same: sides that vary differently enough to matter.
 */
const LEVEL = 0.01;
/** Fewer people of a side say nothing of a distribution. */
const FEWEST = 10;

const MEASURES: readonly (readonly [keyof Spread, string])[] = [
  ['typicality', 'how typical people are (their mean similarity to everybody else)'],
  ['crowding', 'how close their nearest lookalikes are'],
  ['agreement', 'how alike the photos of one person are'],
];
const TESTS = 2 * MEASURES.length;

/**
 * Whether members and controls differ in the spread or the place of three measures that know nothing of the generator.
 * Each is compared by its distribution (Kolmogorov and Smirnov) and by ranks (Wilcoxon); the measures are computed without
 * regard to the side, so under exchangeable people each test holds its level.
 */
export function spreadGate(spread: Spread, isMember: Uint8Array): Gate {
  const compared = MEASURES.flatMap(([name, words]) => {
    const values = spread[name];
    const side = (wanted: number) => values.filter((value, i) => isMember[i] === wanted && !Number.isNaN(value));
    const [members, controls] = [side(1), side(0)];
    if (members.length < FEWEST || controls.length < FEWEST) return [];
    const { pDistance, pRanks } = compareSamples(members, controls);
    return [{ words, members, controls, p: Math.min(1, TESTS * Math.min(pDistance, pRanks)) }];
  });
  const [first] = compared;
  if (!first) {
    return {
      name: 'spread',
      passed: null,
      value: null,
      reason: `Could not be judged: with fewer than ${FEWEST} people on a side nobody can say whether both vary alike.`,
      help: 'Give photos of more people, better hundreds on each side.',
    };
  }
  const worst = compared.reduce((a, b) => (b.p < a.p ? b : a));
  const passed = worst.p >= LEVEL;
  return {
    name: 'spread',
    passed,
    value: null,
    reason: passed
      ? `No difference was noticed in ${compared.map(({ words }) => words).join(', nor in ')} (p = ${worst.p.toPrecision(2)}, adjusted for six tests). ` +
        `A difference of the two distributions by more than ${(100 * noticed(first.members.length, first.controls.length)).toFixed(0)} percentage points would have been.`
      : `From the real photos alone, without the generator, the two sides differ in ${worst.words} (p = ${worst.p.toPrecision(2)}, ` +
        'adjusted for six tests): being revealed more often can come from that.',
    help:
      'Take members and controls from one collection, with as many photos from as many days of each person; best split ' +
      'one list of people at random before training.',
  };
}

/** The distance of two distributions that one of the tests notices: by the tail of Kolmogorov's distribution, 2 exp(-2 x^2). */
function noticed(n: number, m: number): number {
  return Math.min(1, Math.sqrt(-Math.log(LEVEL / TESTS / 2) / 2) * Math.sqrt((n + m) / (n * m)));
}
