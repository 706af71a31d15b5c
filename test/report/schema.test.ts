import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { exampleReport, exampleReports } from '../support/example-report.ts';
import { reportJsonSchema, reportJsonSchemaText } from '../support/report-schema.ts';

const FILE = new URL('../../shared/report/report.schema.json', import.meta.url);

test('the committed schema is the one the model makes', () => {
  if (process.env.UPDATE === '1') writeFileSync(FILE, reportJsonSchemaText());
  expect(
    readFileSync(FILE, 'utf8') === reportJsonSchemaText(),
    'report.schema.json is stale. Refresh it with: UPDATE=1 npx vitest run test/report/schema.test.ts',
  ).toBe(true);
});

const validate = new Ajv2020({ strict: true, strictTuples: false }).compile(reportJsonSchema());

test.each(exampleReports())('%s is valid against it', (_, report) => {
  validate(report);
  expect(validate.errors).toBeNull();
});

test('it refuses a missing and an unknown field', () => {
  const { limits: _, ...missing } = exampleReport();
  expect(validate(missing)).toBe(false);
  expect(validate({ ...exampleReport(), extra: 1 })).toBe(false);
});
