import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { terminalProblems } from '../scripts/check/terminal.ts';
import { printable, printableJson, printableLines } from '../shared/printable.ts';
import { terminalOf } from '../shared/terminal.ts';

/** What no terminal may be sent, said in other words than the code does. */
function isForbidden(sign: string): boolean {
  const code = sign.codePointAt(0)!;
  return (
    (code < 0x20 && code !== 0x0a) ||
    (code >= 0x7f && code <= 0x9f) ||
    [0xad, 0x61c, 0x180e, 0xfeff].includes(code) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x2069) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0xe0000 && code <= 0xe0fff)
  );
}

const EVERY = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));

test('of all characters none that is forbidden gets through, and none that is not is changed', () => {
  const changed = EVERY.filter((sign) => printable(sign) !== sign);
  expect(EVERY.filter(isForbidden).filter((sign) => !changed.includes(sign))).toEqual([]);
  for (const sign of changed) expect(printable(sign)).toMatch(/^\\(?:[nrt]|u[0-9a-f]{4}|u\{[0-9a-f]+\})$/);
  for (const sign of 'aé漢😀\u0301\ufe0f "\\<') expect(printable(sign)).toBe(sign);
});

test('escapes are those of JSON and JavaScript', () => {
  expect(printable('a\u001b[2J\u0007\n\r\t\u009b\u202e\ud800\u{e0041}')).toBe(
    String.raw`a\u001b[2J\u0007\n\r\t\u009b\u202e\ud800\u{e0041}`,
  );
  expect(printableLines('a\u001b\nb\r')).toBe('a\\u001b\nb\\r');
});

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...EVERY.filter(isForbidden)), fc.string({ unit: 'binary' })),
});

test('JSON keeps its value', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      for (const indent of [0, 2]) {
        const printed = printableJson(JSON.stringify(value, undefined, indent));
        expect([...printed].filter(isForbidden)).toEqual([]);
        expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(value)));
      }
    }),
  );
});

test('whatever is written, nothing acts on the terminal but colours and the bar of our own', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const written: string[] = [];
      const terminal = terminalOf({ write: (piece) => written.push(piece) });
      terminal.line(text);
      terminal.page(text);
      terminal.json(JSON.stringify(text));
      terminal.ask(text);
      expect([...written.join('')].filter(isForbidden)).toEqual([]);
      // A value cannot begin a line of its own.
      expect(written[0]!.indexOf('\n')).toBe(written[0]!.length - 1);
      written.length = 0;
      terminal.overwrite(text);
      terminal.page(text, { colour: true });
      const rest = stripVTControlCharacters(written.join('')).replace('\r', '');
      expect([...rest].filter(isForbidden)).toEqual([]);
    }),
  );
});

test('colours are kept where they are asked for, and nowhere else', () => {
  const written: string[] = [];
  const terminal = terminalOf({ write: (piece) => written.push(piece) });
  terminal.page('\u001b[1mbold\u001b[22m \u001b[2J\n', { colour: true });
  terminal.page('\u001b[1mbold\n');
  expect(written).toEqual(['\u001b[1mbold\u001b[22m \\u001b[2J\n', '\\u001b[1mbold\n']);
});

test.each([
  ["process.stdout.write('x')"],
  ["process?.stderr.write('x')"],
  ["process['stdout'].write('x')"],
  ["console.log('x')"],
  ["writeSync(1, 'x')"],
  ["openSync('/dev/tty')"],
])('the check refuses %s', (line) => {
  expect(terminalProblems('scripts/x.ts', `const a = 1;\n  ${line};`)).toEqual([`scripts/x.ts:2: ${line};`]);
});

test('the check lets our own code pass', () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/check/terminal.ts')]);
});
