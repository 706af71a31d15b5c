import { describe, expect, it } from 'vitest';
import { KNOWN } from '../../scripts/science/known.ts';
import { describeKnown } from './known.ts';

describeKnown(['seldom', 'often', 'mostly', 'copies'], [1, 2, 3], (audits) => {
  describe.each(['often', 'mostly', 'copies'] as const)('%s', (key) => {
    it('is LEAKAGE every time, and names nobody else more often than it says', () => {
      for (const { conclusion, analysis, emitted } of audits[key]) {
        expect(conclusion.verdict).toBe('LEAKAGE');
        const wrong = conclusion.people.filter(({ identity }) => emitted[identity] === 0);
        // One in ten is expected at most; in one audit it may be twice that.
        expect(wrong.length / conclusion.people.length).toBeLessThan(0.2);
        // Beyond chance resemblance: the share that leaked, or nearly, for some are not recognised.
        const { fraction } = analysis.comparison!.leaked!;
        expect(Math.abs(fraction.estimate - KNOWN[key].expected.leaked)).toBeLessThan(0.08);
      }
    });
  });

  it('confirms people who are emitted often, and few who are not at all', () => {
    for (const { conclusion, emitted } of audits.mostly) {
      const share = (least: number, most: number) => {
        const people = conclusion.people.filter(
          ({ identity }) => least <= emitted[identity]! && emitted[identity]! <= most,
        );
        return people.filter(({ fresh }) => fresh!.confirmed).length / Math.max(1, people.length);
      };
      // A member is shown by one in 5,000 samples: of 2,000 fresh ones, by at least one in a third of the cases.
      expect(share(1, 99)).toBeGreaterThan(0.2);
      expect(share(1, 99)).toBeLessThan(0.5);
    }
    for (const { conclusion } of audits.copies) {
      const confirmed = conclusion.people.filter(({ fresh }) => fresh!.confirmed).length;
      // 2,000 copies of 500 people: one in 55 is not among them.
      expect(confirmed / conclusion.people.length).toBeGreaterThan(0.95);
    }
  });
});
