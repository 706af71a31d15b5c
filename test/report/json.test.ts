import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RewoundError } from '../../shared/errors.ts';
import { DECIMALS, parseReport, renderJson } from '../../shared/report/json.ts';
import { exampleReport, exampleReports } from '../support/example-report.ts';

test.each(exampleReports())('%s survives writing and reading', (_, report) => {
  const text = renderJson(report);
  expect(parseReport(text)).toEqual(report);
  expect(renderJson(parseReport(text))).toBe(text);
  expect(text.endsWith('}\n')).toBe(true);
});

test('the order in which an object was built does not show', () => {
  const text = renderJson(exampleReport());
  fc.assert(
    fc.property(fc.integer(), (salt) => {
      expect(renderJson(shuffled(exampleReport(), salt))).toBe(text);
    }),
    { numRuns: 20 },
  );
});

test('numbers are rounded, whatever they are, and still fit the schema', () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (s, share) => {
      const [match] = exampleReport().matches;
      const text = renderJson(
        exampleReport('LEAKAGE', {
          matches: [{ ...match!, similarity: s }],
          roc: [{ controls: share, members: share }],
          auc: { estimate: share, low: s, high: share },
        }),
      );
      const read = parseReport(text);
      expect(Math.abs(read.matches[0]!.similarity - s)).toBeLessThanOrEqual(0.5 * 10 ** -DECIMALS + 1e-12);
      expect(renderJson(read)).toBe(text);
      expect(text).not.toMatch(/-0[,\n]/);
    }),
  );
});

test('what reproduces a sample is not rounded', () => {
  const { generator } = exampleReport();
  const latent = { size: 8, distribution: 'uniform' as const, low: -1 / 3, high: 1 / 3 };
  const report = exampleReport('LEAKAGE', { generator: { ...generator, latent, range: [-1 / 3, 1 / 3] } });
  expect(parseReport(renderJson(report)).generator).toEqual(report.generator);
});

test.each([
  ['not JSON', '{"identity": "Ada'],
  ['another version', JSON.stringify({ ...exampleReport(), schema: 'rewound.report/9' })],
  ['a field too many', JSON.stringify({ ...exampleReport(), Ada: 1 })],
  ['a value out of range', JSON.stringify({ ...exampleReport(), permutation: { p: 7, draws: 1 } })],
  ['no object', '[]'],
])('%s is a typed error that quotes nothing', (_, text) => {
  let error: unknown;
  try {
    parseReport(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RewoundError);
  expect((error as RewoundError).code).toBe('REPORT_INVALID');
  expect(String(error)).not.toContain('Ada');
  expect((error as RewoundError).cause).toBeUndefined();
});

/** The same value with the keys of every object in another order. */
function shuffled<T>(value: T, salt: number): T {
  if (Array.isArray(value)) return value.map((inner) => shuffled(inner, salt)) as T;
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner], index) => ({
    entry: [key, shuffled(inner, salt)] as const,
    at: Math.imul(index + 1, salt | 1) >>> 0,
  }));
  return Object.fromEntries(entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry)) as T;
}
