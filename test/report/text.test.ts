import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { verdictSchema } from '../../shared/report/model.ts';
import { renderText, WIDTH } from '../../shared/report/text.ts';
import { exampleReport, exampleReports } from '../support/example-report.ts';

test.each(exampleReports())('%s: verdict first, short and narrow, plain unless colour is asked for', (_, report) => {
  const text = renderText(report);
  const lines = text.trimEnd().split('\n');
  expect(text.startsWith(report.verdict)).toBe(true);
  expect(lines.length).toBeLessThanOrEqual(18);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  expect(text).toBe(stripVTControlCharacters(text));
  const coloured = renderText(report, { colour: true });
  expect(coloured).not.toBe(text);
  expect(stripVTControlCharacters(coloured)).toBe(text);
});

test('leakage: the numbers with their intervals and the closest people', () => {
  const text = renderText(exampleReport());
  expect(text).toContain('38.8% revealed (28.1% to 50.3%), 31 of 80');
  expect(text).toContain('+37.5 points (+26.2 to +48.6), p = 0.0001');
  expect(text).toContain('m000  0.861, above threshold, seed 41');
});

test('who leaked, who came up again in fresh samples, and what would have been caught', () => {
  const text = renderText(exampleReport());
  expect(text).toContain('about 30 of 80 people beyond chance (21 to 39)');
  expect(text).toContain('30 people, 28 seen again in 10,000 fresh samples');
  expect(text).toContain('8 leaked people of 80; one who appears in 1 in 6,677 samples (95% each)');
  expect(renderText(exampleReport('NOT_DETECTED'))).not.toContain('named');
});

test('an invalid audit gives the reason and no rate', () => {
  const text = renderText(exampleReport('INVALID'));
  expect(text).toContain('not met     Both groups look alike without the generator.');
  expect(text).toContain('Take the controls from the same collection');
  expect(text).not.toContain('revealed');
});

test('a name can neither reach the terminal as a command nor stretch the lines', () => {
  const [match] = exampleReport().matches;
  const identity = `\u001b[2J\u202E${'very-long-'.repeat(40)}`;
  const reason = `\u001b]0;x\u0007${'y'.repeat(300)}`;
  for (const verdict of verdictSchema.options) {
    const text = renderText(exampleReport(verdict, { matches: [{ ...match!, identity }], reasons: [reason] }));
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  }
});
