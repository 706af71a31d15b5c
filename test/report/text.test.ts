import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { verdictSchema } from '../../shared/report/model.ts';
import { renderText, WIDTH } from '../../shared/report/text.ts';
import { exampleReport } from '../support/example-report.ts';

test.each(verdictSchema.options)('%s: verdict first, short and narrow, plain unless colour is asked for', (verdict) => {
  const text = renderText(exampleReport(verdict));
  const lines = text.trimEnd().split('\n');
  expect(text.startsWith(verdict)).toBe(true);
  expect(lines.length).toBeLessThanOrEqual(17);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  expect(text).toBe(stripVTControlCharacters(text));
  const coloured = renderText(exampleReport(verdict), { colour: true });
  expect(coloured).not.toBe(text);
  expect(stripVTControlCharacters(coloured)).toBe(text);
});

test('leakage: the numbers with their intervals and the closest people', () => {
  const text = renderText(exampleReport());
  expect(text).toContain('38.8% revealed (28.1% to 50.3%), 31 of 80');
  expect(text).toContain('+37.5 points (+26.2 to +48.6), p = 0.0001');
  expect(text).toContain('m000  0.861, above threshold, seed 41');
});

test('an invalid audit gives the reason and no rate', () => {
  const text = renderText(exampleReport('INVALID'));
  expect(text).toContain('blind baseline');
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
