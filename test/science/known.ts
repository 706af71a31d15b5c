import { beforeAll, describe, expect, it } from 'vitest';
import { type SimulatedAudit, Simulator } from '../../scripts/science/audit.ts';
import { type Answer, answerOf, EXPECTED_FROM, KNOWN, type Known, meanAnswer } from '../../scripts/science/known.ts';

type Key = keyof typeof KNOWN;

/** Enough for what is tested: p values to 0.001. */
const EFFORT = { permutations: 999, bootstraps: 100 };
const SECONDS = 1_000;

/**
 * Audits some known worlds, each with the same people, and holds the means of what they say to what is known: within
 * four standard errors of the difference of two means, one of `seeds` audits and one of EXPECTED_FROM, from the spread
 * of a single audit.
 */
export function describeKnown(
  keys: readonly Key[],
  seeds: readonly number[],
  more: (audits: Readonly<Record<Key, readonly SimulatedAudit[]>>) => void,
): void {
  const audits = Object.fromEntries(Object.keys(KNOWN).map((key) => [key, []])) as unknown as Record<
    Key,
    SimulatedAudit[]
  >;

  beforeAll(async () => {
    const simulator = await Simulator.open();
    for (const seed of seeds) {
      const alike = await simulator.prepare(seed);
      for (const key of keys) {
        const { world, generator }: Known = KNOWN[key];
        const prepared = world.populations ? await simulator.prepare(seed, world) : alike;
        audits[key].push(await simulator.audit(prepared, generator, EFFORT));
      }
    }
    await simulator.release();
  }, 600 * SECONDS);

  describe.each(keys)('%s', (key) => {
    const { name, expected, spread, threshold }: Known = KNOWN[key];

    it.each(Object.keys(expected) as (keyof Answer)[])(`(${name}) has its %s`, (number) => {
      const answers = audits[key].map((audit) => answerOf(audit, threshold));
      const counted = answers.filter((answer) => !Number.isNaN(answer[number])).length;
      if (Number.isNaN(expected[number])) return expect(counted).toBe(0);
      const error = spread[number] * Math.sqrt(1 / counted + 1 / EXPECTED_FROM);
      // The expected answers are rounded to their last digit.
      const rounding = number === 'discoveries' ? 0.5 : number === 'falseShare' ? 0.005 : 0.0005;
      expect(Math.abs(meanAnswer(answers)[number] - expected[number])).toBeLessThan(4 * error + rounding + 1e-9);
    });
  });

  more(audits);
}
