import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parseReport, renderJson } from '../../../shared/report/json.ts';
import type { Report } from '../../../shared/report/model.ts';
import { renderSarif } from '../../../shared/report/render/sarif.ts';
import { exampleReport, exampleReports } from '../../support/example-report.ts';

const schema = JSON.parse(readFileSync(new URL('../sarif-2.1.0.schema.json', import.meta.url), 'utf8')) as object;
const validate = new Ajv({
  strict: false,
  // One of its patterns is no regular expression in the stricter sense.
  unicodeRegExp: false,
  formats: { uri: URL.canParse, 'uri-reference': (text: string) => URL.canParse(text, 'file:///'), 'date-time': true },
}).compile(schema);

interface Result {
  readonly ruleId: string;
  readonly kind?: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

function resultsOf(text: string): Result[] {
  return (JSON.parse(text) as { runs: { results: Result[] }[] }).runs[0]!.results;
}

function fingerprintsOf(text: string): unknown[] {
  return resultsOf(text).map(({ partialFingerprints }) => partialFingerprints);
}

describe.each(exampleReports())('%s', (_, report) => {
  test('is valid against the schema of SARIF 2.1.0, with and without names', () => {
    for (const names of [false, true]) {
      validate(JSON.parse(renderSarif(report, { names })));
      expect(validate.errors).toBeNull();
    }
  });

  test('is the same bytes from the report as written and read again', () => {
    expect(renderSarif(parseReport(renderJson(report)))).toBe(renderSarif(report));
  });

  test('names nobody unless asked, and holds no key to the pseudonyms', () => {
    const text = renderSarif(report);
    for (const { identity } of [...report.identities, ...report.matches]) expect(text).not.toContain(`${identity}`);
    expect(text).not.toContain(report.audit.id);
    for (const { identity } of report.identities) expect(renderSarif(report, { names: true })).toContain(identity);
  });
});

test('one result for the verdict and one for every named person; errors only where there is leakage', () => {
  const results = resultsOf(renderSarif(exampleReport()));
  expect(results.map(({ ruleId }) => ruleId)).toEqual(['rewound/verdict', ...Array(30).fill('rewound/named-person')]);
  expect(new Set(results.map(({ level }) => level))).toEqual(new Set(['error']));
  expect(results[1]!.message.text).toMatch(/^Training person person-[0-9a-f]{16} .*in 96 of 10,000 fresh samples/);
  const unsure = exampleReport('NOT_DETECTED', { identities: exampleReport().identities });
  expect(resultsOf(renderSarif(unsure)).map(({ level }) => level)).toEqual(['none', ...Array(30).fill('note')]);
});

test('no verdict is ever "pass"', () => {
  const kinds = exampleReports().map(([, report]) => resultsOf(renderSarif(report))[0]!.kind);
  expect(kinds).toEqual(['fail', 'informational', 'informational', 'review', 'fail', 'informational']);
});

test('what failed is told as a notification of the run', () => {
  const [run] = (JSON.parse(renderSarif(exampleReport('INVALID'))) as { runs: unknown[] }).runs;
  expect(run).toMatchObject({
    invocations: [{ toolExecutionNotifications: [{ descriptor: { id: 'blind' } }, { descriptor: { id: 'blind' } }] }],
  });
});

test('a person has one fingerprint in every run of an audit, with names in every audit, and nobody shares one', () => {
  const report = exampleReport();
  const rerun: Report = {
    ...report,
    timing: { ...report.timing, totalMs: 1 },
    identities: report.identities.toReversed(),
  };
  expect(fingerprintsOf(renderSarif(rerun)).slice(1).reverse()).toEqual(fingerprintsOf(renderSarif(report)).slice(1));
  const other: Report = { ...report, audit: { ...report.audit, id: 'another' } };
  expect(fingerprintsOf(renderSarif(other))[1]).not.toEqual(fingerprintsOf(renderSarif(report))[1]);
  expect(fingerprintsOf(renderSarif(other, { names: true }))).toEqual(
    fingerprintsOf(renderSarif(report, { names: true })),
  );
  expect(new Set(fingerprintsOf(renderSarif(report)).map((one) => JSON.stringify(one))).size).toBe(31);
});

test('a hostile file name stays one part of a path', () => {
  const { generator } = exampleReport();
  const text = renderSarif(exampleReport('LEAKAGE', { generator: { ...generator, file: '../a b#?\ud800.pkl' } }));
  expect(text).toContain('"uri": "..%2Fa%20b%23%3F%EF%BF%BD.pkl"');
  validate(JSON.parse(text));
  expect(validate.errors).toBeNull();
});
