import { afterAll, beforeAll, expect, it } from 'vitest';
import { Simulator } from '../../scripts/science/audit.ts';
import { oracle } from '../../scripts/science/generators.ts';

const AUDITS = 25;
const EFFORT = { samples: 1000, permutations: 499, bootstraps: 200 };

let simulator: Simulator;
beforeAll(async () => {
  simulator = await Simulator.open();
});
afterAll(() => simulator.release());

/** Verdicts of audits of generators that leak nobody, by how photos of 1 to 15 a person were labelled. */
async function verdicts(genuine: number) {
  const found = { labelled: [] as string[], grouped: [] as string[] };
  let people = 0;
  for (let seed = 0; seed < AUDITS; seed++) {
    const both = await simulator.prepareUnlabelled(seed, { people: 60, most: 15, genuine });
    people += both.grouped.people.members / AUDITS;
    for (const kind of ['labelled', 'grouped'] as const) {
      const { conclusion } = await simulator.audit(both[kind], oracle(), EFFORT);
      found[kind].push(conclusion.verdict);
    }
  }
  return { ...found, people };
}

it.each([0.65, 0.5])(
  'photos without labels give the verdicts of labelled ones, where two of a person have the cosine %f',
  async (genuine) => {
    const { labelled, grouped, people } = await verdicts(genuine);
    expect(grouped).not.toContain('LEAKAGE');
    const invalid = (all: readonly string[]) => all.filter((verdict) => verdict === 'INVALID').length;
    expect(invalid(grouped)).toBeLessThanOrEqual(invalid(labelled) + 1);
    expect(Math.abs(people - 60)).toBeLessThan(5);
  },
);

it('a recognizer that cannot group them makes no wrong claim', async () => {
  expect((await verdicts(0.4)).grouped).not.toContain('LEAKAGE');
});
