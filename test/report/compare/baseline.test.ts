import { describe, expect, it } from 'vitest';
import {
  baselineOf,
  baselineUnderKey,
  fingerprintOf,
  holdsPseudonyms,
  namesPeople,
  parseBaseline,
  renderBaseline,
} from '../../../shared/report/compare/baseline.ts';
import { renderJson } from '../../../shared/report/json.ts';
import { pseudonymise } from '../../../shared/report/pseudonyms.ts';
import { exampleReport, exampleReports } from '../../support/example-report.ts';

const KEY = Buffer.alloc(32, 7);

describe('a baseline', () => {
  it.each(exampleReports())('of %s is read back as it was written', (_, report) => {
    const text = renderBaseline(baselineOf(report, KEY));
    expect(renderBaseline(parseBaseline(text))).toBe(text);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('made with a key holds no name, no photo and not the id that would undo the pseudonyms of report.sarif', () => {
    const report = exampleReport();
    const baseline = baselineOf(report, KEY);
    const text = renderBaseline(baseline);
    expect(report.identities.length).toBeGreaterThan(10);
    for (const { identity } of report.matches) expect(text).not.toContain(`"${identity}"`);
    for (const secret of [report.audit.id, KEY.toString('hex'), '.jpg']) expect(text).not.toContain(secret);
    expect([namesPeople(baseline), holdsPseudonyms(baseline)]).toEqual([false, true]);
    expect(baseline.named).toMatchObject({ key: fingerprintOf(KEY), confirmed: expect.any(Number) });
  });

  it('of a report under pseudonyms is the same as of the report with names under that key', () => {
    const report = exampleReport();
    const hidden = baselineOf(pseudonymise(report, KEY));
    expect([namesPeople(hidden), namesPeople(baselineOf(report))]).toEqual([false, true]);
    expect(renderBaseline(baselineUnderKey(hidden, KEY))).toBe(renderBaseline(baselineOf(report, KEY)));
    expect(renderBaseline(baselineUnderKey(baselineOf(report), KEY))).toBe(renderBaseline(baselineOf(report, KEY)));
  });

  it('is read from report.json too', () => {
    expect(parseBaseline(renderJson(exampleReport()))).toEqual(baselineOf(exampleReport()));
  });

  it('says which conditions failed', () => {
    expect(baselineOf(exampleReport('INVALID')).failed).toContain('blind');
    expect(baselineOf(exampleReport('LEAKAGE')).failed).toEqual([]);
  });

  it.each([
    ['no JSON', '{ "anna": '],
    ['another file', '[]'],
    ['a later report', '{"schema":"rewound.report/2","identity":"anna"}'],
    ['a later baseline', '{"schema":"rewound.baseline/2","identity":"anna"}'],
    ['a baseline with more in it', JSON.stringify({ ...baselineOf(exampleReport()), anna: 1 })],
    ['a baseline with less in it', '{"schema":"rewound.baseline/1"}'],
  ])('%s is REPORT_UNSUPPORTED, and nothing of it is quoted', (_, text) => {
    const read = () => parseBaseline(text);
    expect(read).toThrow(expect.objectContaining({ code: 'REPORT_UNSUPPORTED', help: expect.stringMatching(/\.$/) }));
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('anna') }));
  });
});
