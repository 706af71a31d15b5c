import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import type { Report } from '../../../shared/report/model.ts';
import { renderJunit } from '../../../shared/report/render/junit.ts';
import { exampleReport, exampleReports } from '../../support/example-report.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: 'text',
  parseAttributeValue: false,
  parseTagValue: false,
  isArray: (name) => name === 'testcase',
});

type Attributes = Readonly<Record<string, string>>;
interface Case extends Record<string, unknown> {
  readonly name: string;
  readonly classname: string;
}

function read(report: Report): { suites: Attributes; suite: Attributes; cases: Case[] } {
  const text = renderJunit(report);
  expect(XMLValidator.validate(text)).toBe(true);
  const { testsuites } = parser.parse(text) as { testsuites: Attributes & { testsuite: unknown } };
  const { testcase, ...suite } = testsuites.testsuite as Attributes & { testcase: Case[] };
  return { suites: testsuites, suite, cases: testcase };
}

const kindOf = (one: Case) => ['failure', 'error', 'skipped'].filter((kind) => kind in one).join() || 'passed';

test.each(exampleReports())(
  '%s: a case for each condition and one for the verdict, and the counts agree',
  (_, report) => {
    const { suites, suite, cases } = read(report);
    expect(cases).toHaveLength(report.gates.length + 1);
    const count = (kind: string) => String(cases.filter((one) => kindOf(one) === kind).length);
    expect(suite).toMatchObject({
      tests: String(cases.length),
      failures: count('failure'),
      errors: count('error'),
      skipped: count('skipped'),
    });
    expect([suites.tests, suites.failures, suites.errors]).toEqual([suite.tests, suite.failures, suite.errors]);
    // What the schemas in use allow: these attributes, and at most one outcome beside what was printed.
    for (const { name, classname, ...rest } of cases) {
      expect(name.length * classname.length).toBeGreaterThan(0);
      expect(Object.keys(rest).filter((key) => key !== 'system-out').length).toBeLessThanOrEqual(1);
    }
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  },
);

test.each([
  ['LEAKAGE', 'failure'],
  ['NOT_DETECTED', 'passed'],
  ['RESEMBLANCE_ONLY', 'skipped'],
  ['INVALID', 'error'],
] as const)('%s is %s', (verdict, kind) => {
  expect(kindOf(read(exampleReport(verdict)).cases.at(-1)!)).toBe(kind);
});

test('a condition met passes, one not judged is skipped with why, one failed is an error with what to do', () => {
  const { cases } = read(exampleReport('INVALID'));
  expect(cases.map(kindOf)).toEqual(['passed', 'passed', 'error', 'error', 'passed', 'passed', 'skipped', 'error']);
  expect(cases[2]).toMatchObject({ error: { type: 'blind', text: expect.stringContaining('same collection') } });
  expect(cases[6]).toMatchObject({ skipped: { message: expect.stringContaining('No third set') } });
});

test('what failed for a recognizer that does not judge breaks no build', () => {
  const report = exampleReport('NOT_DETECTED');
  const gates = report.gates.map((gate) => ({ ...gate, passed: gate.name === 'matcher' ? false : gate.passed }));
  expect(new Set(read({ ...report, gates }).cases.map(kindOf))).toEqual(new Set(['passed', 'skipped']));
});

test('nobody is named', () => {
  const text = renderJunit(exampleReport());
  for (const { identity } of exampleReport().matches) expect(text).not.toContain(identity);
});

test('any text is well-formed XML and comes back as it was, but for what XML cannot hold', () => {
  const nasty = fc.oneof(
    fc.constantFrom(']]>', '<!--', '&amp;', `"'<>&`, '\u0000\ud800'),
    fc.string({ unit: 'binary', minLength: 1 }),
  );
  fc.assert(
    fc.property(nasty, (text) => {
      const { generator } = exampleReport();
      const [gate] = exampleReport('INVALID').gates;
      const report = exampleReport('LEAKAGE', {
        generator: { ...generator, file: text },
        gates: [{ ...gate!, passed: false, recognizer: text, reason: text, help: text }],
        reasons: [text],
      });
      const { suite } = read(report);
      if (!/[\p{Cc}\p{Cf}\s\uFFFE\uFFFF]/u.test(text) && text.isWellFormed())
        expect(suite.name).toBe(`Audit of ${text}`);
    }),
    { numRuns: 200 },
  );
});
