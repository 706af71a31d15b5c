import { describe, expect, it } from 'vitest';
import { facesGate, scoresGate, sizeGate } from '../../../shared/audit/verdict/size-gates.ts';

describe('the size gate', () => {
  it('asks for 20 controls, and for so many people that the test can reach significance at all', () => {
    const passes = (members: number, controls: number | null) => sizeGate(members, controls).passed;
    expect([passes(3, 20), passes(3, 19), passes(1, 200)]).toEqual([true, false, false]);
    expect([passes(2, null), passes(1, null)]).toEqual([true, false]);
    // 1 / C(22, 2) is below 0.01: where two members lead, so much is possible.
    expect([passes(2, 20), passes(2, 19)]).toEqual([true, false]);
  });

  it('counts whom there is', () => {
    expect(sizeGate(7, 30).reason).toBe('7 members and 30 controls could be compared.');
    expect(sizeGate(7, null).reason).toBe('7 members could be compared.');
  });
});

describe('the gate of faces', () => {
  it('asks that half of the samples searched show a face', () => {
    expect([facesGate(100, 50).passed, facesGate(100, 51).passed]).toEqual([true, false]);
  });
});

describe('the gate of scores', () => {
  const same = Float32Array.of(0.5, 0.5, 0.5);
  const different = Float32Array.of(0.5, 0.5, 0.6);

  it('asks that people of a side differ', () => {
    expect(scoresGate(different, different)).toMatchObject({ name: 'scores', passed: true });
    expect(scoresGate(same, different)).toMatchObject({
      passed: false,
      reason: expect.stringContaining('every member is the same'),
    });
    expect(scoresGate(different, same)).toMatchObject({
      passed: false,
      reason: expect.stringContaining('every control is the same'),
    });
    expect(scoresGate(same, same).reason).toContain('every member and every control is');
  });

  it('does not ask it of controls that were not given, nor of one person', () => {
    expect(scoresGate(different, null).passed).toBe(true);
    expect(scoresGate(same.subarray(1, 2), null).passed).toBe(true);
  });
});
