import { expect, it } from 'vitest';
import { whyInconclusive } from '../../scripts/cli/exit.ts';
import { exampleReport } from '../support/example-report.ts';

const report = (people: number | null) => {
  const { power, ...rest } = exampleReport('NOT_DETECTED');
  return { ...rest, power: { ...power, detectable: people === null ? null : { people, of: 500, probability: 0.95 } } };
};

it.each<[string, number | null, number | undefined, boolean]>([
  ['would have caught a leak of as many', 10, 10, false],
  ['would have caught a leak of fewer', 8, 10, false],
  ['would have missed a leak of as many', 11, 10, true],
  ['would have missed any leak', null, 10, true],
  ['was not required to catch one', null, undefined, false],
])('an audit that found nothing and %s is inconclusive or not', (_, detectable, required, isInconclusive) => {
  const why = whyInconclusive(report(detectable), required);
  expect(why !== undefined).toBe(isInconclusive);
  if (why) expect(why).toMatch(/^INCONCLUSIVE/);
});

it('an audit that found a leak is never inconclusive', () => {
  expect(whyInconclusive({ ...report(null), verdict: 'LEAKAGE' }, 1)).toBeUndefined();
});
