import { describe, expect, it } from 'vitest';
import { facesGate, sizeGate } from '../../../shared/audit/verdict/size-gates.ts';
import { decide } from '../../../shared/audit/verdict/verdict.ts';

const gates = [sizeGate(100, 100), facesGate(10, 0)];
const test = (low: number, pHolm: number, decisive = 0) => ({
  delta: { estimate: 0.1, low, high: 0.2 },
  pHolm,
  decisive,
});

describe('decide', () => {
  it.each([
    [0.01, 0.0001, 'LEAKAGE'],
    [0.01, 0.01, 'NOT_DETECTED'],
    [0, 0.0001, 'NOT_DETECTED'],
    [-0.01, 0.5, 'NOT_DETECTED'],
  ] as const)('on a lower bound of %s and p = %s: %s', (low, p, verdict) => {
    expect(decide({ gates, controlsGiven: true, tests: [test(low, p)] })).toBe(verdict);
  });

  it('is decided by one person who suffices, and by one recognizer of several', () => {
    expect(decide({ gates, controlsGiven: true, tests: [test(-0.1, 1, 1)] })).toBe('LEAKAGE');
    expect(decide({ gates, controlsGiven: true, tests: [test(-0.1, 1), test(0.1, 0.001)] })).toBe('LEAKAGE');
    expect(decide({ gates, controlsGiven: true, tests: [test(-0.1, 1), test(0, 0.5)] })).toBe('NOT_DETECTED');
  });

  it('lets a failed gate overrule everything, and one that could not be judged nothing', () => {
    const failed = [...gates, sizeGate(1, 100)];
    expect(decide({ gates: failed, controlsGiven: true, tests: [test(0.1, 0.0001, 1)] })).toBe('INVALID');
    expect(decide({ gates: failed, controlsGiven: false, tests: [] })).toBe('INVALID');
    const open = [...gates, { ...gates[0]!, passed: null }];
    expect(decide({ gates: open, controlsGiven: true, tests: [test(0.1, 0.0001)] })).toBe('LEAKAGE');
  });

  it('speaks of resemblance only without controls, and never decides without a test', () => {
    expect(decide({ gates, controlsGiven: false, tests: [] })).toBe('RESEMBLANCE_ONLY');
    expect(() => decide({ gates, controlsGiven: true, tests: [] })).toThrow(RangeError);
  });
});
