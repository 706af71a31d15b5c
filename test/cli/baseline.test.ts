import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAudit } from '../../scripts/cli/audit-request.ts';
import { baseline } from '../../scripts/cli/baseline.ts';
import { EXIT, exitCode } from '../../scripts/cli/exit.ts';
import { baselineOf, renderBaseline } from '../../shared/report/compare/baseline.ts';
import { compareReports } from '../../shared/report/compare/compare.ts';
import { type Comparison, comparisonSchema } from '../../shared/report/compare/comparison.ts';
import { renderJson } from '../../shared/report/json.ts';
import { exampleReport } from '../support/example-report.ts';
import { fileOf } from '../support/files.ts';
import { tempDir } from '../support/temp.ts';
import { rewound } from './command.ts';
import { fixture } from './fixture.ts';

const KEY = '07'.repeat(32);

beforeEach(() => {
  vi.stubEnv('REWOUND_PSEUDONYM_KEY', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function parse(...args: string[]) {
  const folder = tempDir();
  const checkpoint = join(folder, 'g.onnx');
  writeFileSync(checkpoint, '');
  return parseAudit([checkpoint, '--members', folder, ...args]);
}

describe('audit --baseline', () => {
  it('takes a report or a baseline', async () => {
    const report = exampleReport();
    const [json, reduced] = [renderJson(report), renderBaseline(baselineOf(report, Buffer.from(KEY, 'hex')))];
    expect((await parse('--baseline', fileOf(json))).baseline).toEqual(baselineOf(report));
    vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
    const request = await parse('--baseline', fileOf(reduced), '--fail-on', 'new-leakage');
    expect(request).toMatchObject({ failOn: 'new-leakage', baseline: { schema: 'rewound.baseline/1' } });
  });

  it.each([
    ['that is not there', ['--baseline', '/no/such/report.json'], 'NOT_FOUND'],
    ['that is a folder', ['--baseline', '/'], 'USAGE'],
    ['that is missing where new leakage is asked for', ['--fail-on', 'new-leakage'], 'USAGE'],
    ['that is missing where new names are asked for', ['--fail-on', 'new-names'], 'USAGE'],
  ])('one %s is refused', async (_, args, code) => {
    await expect(parse(...args)).rejects.toMatchObject({ code });
  });

  it('one that cannot be read is refused before the audit, with exit code 2', async () => {
    const made = await fixture();
    for (const text of ['{', '{"schema":"rewound.report/2"}']) {
      const { code, stderr } = await rewound(...made.audit, '--baseline', fileOf(text));
      expect(code).toBe(EXIT.usage);
      expect(stderr).toMatch(/^rewound: .* \[REPORT_UNSUPPORTED\]\n {9}Give .*\n$/);
    }
    expect(existsSync(made.work)).toBe(false);
  });

  it('one under pseudonyms takes the key it was made with', async () => {
    const reduced = fileOf(renderBaseline(baselineOf(exampleReport(), Buffer.from(KEY, 'hex'))));
    await expect(parse('--baseline', reduced)).rejects.toMatchObject({ code: 'USAGE' });
    for (const wrong of ['08'.repeat(32), 'short']) {
      vi.stubEnv('REWOUND_PSEUDONYM_KEY', wrong);
      await expect(parse('--baseline', reduced)).rejects.toMatchObject({ code: 'USAGE' });
    }
    vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
    await expect(parse('--baseline', reduced)).resolves.toBeTruthy();
  });
});

it('audit --pseudonyms takes its key from the environment', async () => {
  await expect(parse('--pseudonyms')).rejects.toMatchObject({ code: 'USAGE' });
  vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
  expect((await parse('--pseudonyms')).settings).toMatchObject({ identities: 'pseudonyms', pseudonymKey: KEY });
  expect((await parse()).settings).toMatchObject({ identities: 'names' });
});

describe('exit codes', () => {
  const compared = (changes: Partial<Comparison>): Comparison => ({
    ...compareReports(baselineOf(exampleReport()), exampleReport()),
    ...changes,
  });
  const people = { before: 1, now: 1, kept: 0, gone: 1, fewestByCounting: null };
  const added = (confirmed: boolean) => ({
    people: { ...people, added: [{ identity: 'x', confirmed, q: 0.05, decides: false }] },
  });

  it.each([
    ['LEAKAGE', 'new-leakage', compared({ outcome: 'NEW_LEAKAGE' }), 1],
    ['LEAKAGE', 'new-leakage', compared({ outcome: 'NO_NEW_LEAKAGE' }), 0],
    ['LEAKAGE', 'new-leakage', compared({ outcome: 'NO_CLAIM' }), 4],
    ['LEAKAGE', 'new-leakage', compared(added(true)), 0],
    ['LEAKAGE', 'new-names', compared(added(true)), 1],
    ['LEAKAGE', 'new-names', compared(added(false)), 0],
    ['LEAKAGE', 'leakage', compared({ outcome: 'NO_NEW_LEAKAGE' }), 1],
    ['LEAKAGE', 'never', compared({ outcome: 'NEW_LEAKAGE' }), 0],
    ['INVALID', 'new-leakage', compared({ outcome: 'NO_CLAIM' }), 4],
    ['NOT_DETECTED', 'new-names', compared(added(true)), 0],
  ] as const)('%s with --fail-on %s', (verdict, failOn, comparison, code) => {
    expect(exitCode(verdict, failOn, comparison)).toBe(code);
  });
});

describe('rewound baseline', () => {
  it('writes no name, and takes a key where there are names', async () => {
    const out = join(tempDir(), 'baseline.json');
    const report = fileOf(renderJson(exampleReport()));
    await expect(baseline.run([report, '--out', out])).rejects.toMatchObject({ code: 'USAGE' });
    expect(existsSync(out)).toBe(false);
    vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(await baseline.run([report, '--out', out])).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(renderBaseline(baselineOf(exampleReport(), Buffer.from(KEY, 'hex'))));
  });

  it('needs no key where nobody is named', async () => {
    const out = join(tempDir(), 'baseline.json');
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(await baseline.run([fileOf(renderJson(exampleReport('NOT_DETECTED'))), '--out', out])).toBe(0);
  });
});

it('from an audit to a committed baseline to an audit that fails on new leakage only', async () => {
  vi.stubEnv('REWOUND_PSEUDONYM_KEY', KEY);
  const made = await fixture();
  const baseline = join(made.folder, 'baseline.json');
  expect((await rewound(...made.audit)).code).toBe(1);
  const report = join(made.out, 'report.json');
  expect(await rewound('baseline', report, '--out', baseline)).toMatchObject({ code: 0, stdout: `${baseline}\n` });
  // The same generator, under pseudonyms: an audit of its own, compared with the one by name.
  const gate = [...made.audit, '--pseudonyms', '--baseline', baseline, '--fail-on', 'new-leakage'];
  const again = await rewound(...gate);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(
    /^LEAKAGE [\s\S]*^NO NEW LEAKAGE [\s\S]*^named +\d+ people: \d+ as before, 0 new; 0 of/m,
  );
  const comparison = join(made.out, 'comparison.json');
  expect(comparisonSchema.parse(JSON.parse(readFileSync(comparison, 'utf8'))).people).toMatchObject({ added: [] });
  const clean = JSON.parse(readFileSync(baseline, 'utf8'));
  writeFileSync(baseline, JSON.stringify({ ...clean, verdict: 'NOT_DETECTED' }));
  const worse = await rewound(...gate, '--json');
  expect(worse.code).toBe(1);
  expect(JSON.parse(worse.stdout).verdict).toBe('LEAKAGE');
  expect(JSON.parse(readFileSync(comparison, 'utf8')).outcome).toBe('NEW_LEAKAGE');
  expect((await rewound(...made.audit)).code).toBe(1);
  expect(existsSync(comparison), 'one of an earlier run is not left beside this report').toBe(false);
});
