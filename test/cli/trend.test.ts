import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { baselineOf, renderBaseline } from '../../shared/report/compare/baseline.ts';
import { trendSchema } from '../../shared/report/compare/trend.ts';
import { renderJson } from '../../shared/report/json.ts';
import { exampleReport } from '../support/example-report.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';

it('rewound trend prints a table, or JSON, and writes a page', async () => {
  const folder = tempDir();
  const at = (name: string) => join(folder, name);
  writeFileSync(at('run-100.json'), renderJson(exampleReport('NOT_DETECTED')));
  writeFileSync(at('run-200.json'), renderBaseline(baselineOf(exampleReport('LEAKAGE'), Buffer.alloc(32, 7))));
  const files = [at('run-100.json'), at('run-200.json')];
  const table = await rewound('trend', ...files, '--out', at('trend.html'));
  expect(table).toMatchObject({ code: 0, stderr: '' });
  expect(table.stdout).toMatch(/^snapshot .*\nrun-100 +NOT_DETECTED .*\nrun-200 +LEAKAGE /);
  expect(readFileSync(at('trend.html'), 'utf8')).toContain('1 of 2 snapshots gives away');
  const json = await rewound('trend', ...files, '--json');
  expect(trendSchema.parse(JSON.parse(json.stdout)).points.map(({ number }) => number)).toEqual([100, 200]);
});

it('rewound trend refuses none, and what is no report', async () => {
  const folder = tempDir();
  const file = join(folder, 'x.json');
  writeFileSync(file, '{}');
  expect(await rewound('trend')).toMatchObject({ code: 2, stderr: expect.stringContaining('[USAGE]') });
  expect(await rewound('trend', file, file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('[REPORT_UNSUPPORTED]'),
  });
});
