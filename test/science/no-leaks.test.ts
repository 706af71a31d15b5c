import { describe, expect, it } from 'vitest';
import { describeKnown } from './known.ts';

describeKnown(['oracle', 'collapse', 'lone', 'shifted'], [5, 6, 7, 8], (audits) => {
  describe.each(['oracle', 'collapse'] as const)('%s', (key) => {
    it('is NOT_DETECTED, names nobody and fails no gate but that of the sides, by chance in one of 40 audits', () => {
      const failed = audits[key].map(({ conclusion }) => {
        const gates = conclusion.gates.filter(({ passed }) => passed === false).map(({ name }) => name);
        expect([conclusion.verdict, conclusion.people]).toEqual([gates.length === 0 ? 'NOT_DETECTED' : 'INVALID', []]);
        return gates;
      });
      expect(failed.flat().filter((name) => name !== 'sides')).toEqual([]);
      expect(failed.flat().length).toBeLessThanOrEqual(1);
    });
  });

  describe('a member who is a hundredth of the output', () => {
    it('is named by the parametric tier and by it alone, and confirmed', () => {
      for (const { analysis } of audits.lone) {
        const one = analysis.naming!.named.find(({ identity }) => identity === 0)!;
        expect(one).toMatchObject({ tier: 'parametric', fresh: { confirmed: true, samples: 2_000 } });
        expect(one.qConformal).toBeGreaterThan(0.1);
      }
    });

    it('is given the rate at which they are emitted, in at least three of four audits', () => {
      const held = audits.lone.filter(({ analysis }) => {
        const { low, high } = analysis.naming!.named.find(({ identity }) => identity === 0)!.fresh!;
        return low <= 0.01 && 0.01 <= high;
      });
      expect(held.length).toBeGreaterThanOrEqual(3);
    });

    it('usually decides the verdict', () => {
      const leakage = audits.lone.filter(({ conclusion }) => conclusion.verdict === 'LEAKAGE');
      expect(leakage.length).toBeGreaterThanOrEqual(2);
    });
  });

  describe('controls unlike the members', () => {
    it('make the audit INVALID by the blind gate, and name nobody', () => {
      for (const { conclusion } of audits.shifted) {
        expect([conclusion.verdict, conclusion.people]).toEqual(['INVALID', []]);
        const failed = conclusion.gates.filter(({ passed }) => passed === false);
        expect(failed.map(({ name }) => name)).toContain('blind');
        // Known from elsewhere: 0.954. The classifier here is not the same.
        expect(Math.abs(failed[0]!.value!.estimate - 0.954)).toBeLessThan(0.03);
      }
    });
  });
});
