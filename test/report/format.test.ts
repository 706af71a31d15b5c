import { expect, test } from 'vitest';
import { duration, oneIn, percent, points, pValue, rarePercent, smallP, whole } from '../../shared/report/format.ts';

test('numbers read as people write them', () => {
  expect([0, 0.0003, 0.00001234, 0.0125, 0.3875, 1].map(percent)).toEqual([
    '0%',
    '0.03%',
    '0.0012%',
    '1.3%',
    '38.8%',
    '100%',
  ]);
  expect([0.375, -0.044, 0.0001, 0].map(points)).toEqual(['+37.5', '−4.4', '0', '0']);
  expect([0.0001, 0.0004, 0.0052, 0.311, 1].map(pValue)).toEqual(['0.0001', '0.0004', '0.005', '0.311', '1']);
  expect([0.02, 0.0000231, 3e-10, 0].map(smallP)).toEqual(['0.02', '2.3 × 10⁻⁵', '3 × 10⁻¹⁰', 'below 10⁻¹⁵']);
  expect([0, 0.0123, 0.000251, 0.31].map(rarePercent)).toEqual(['0%', '1.2%', '0.025%', '31%']);
  expect([1e-6, 0.000149787, 1, 0].map(oneIn)).toEqual(['1 in 1,000,000', '1 in 6,676', '1 in 1', 'none']);
  expect([0, 999, 1_000, 50_000, 1_234_567].map(whole)).toEqual(['0', '999', '1,000', '50,000', '1,234,567']);
  expect([380, 12_400, 200_000, 7_500_000].map(duration)).toEqual(['380 ms', '12.4 s', '3 min 20 s', '2 h 5 min']);
});
