/** Reads the textual opcodes of old pickles. */
import { corrupt } from '../faults.ts';
import { LIMITS } from './limits.ts';

/** The texts of protocol 0. Each function gets a line without its end, one character a byte. */

const SIMPLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A quoted Python string literal, as repr() writes it. */
export function unquote(line: string): string {
  const text = line.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    throw corrupt('a string of the pickle is not quoted');
  }
  return text.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, (whole, hex, octal, simple) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return SIMPLE[simple] ?? whole;
  });
}

/** Python's raw-unicode-escape. */
export function rawUnicode(line: string): string {
  return line.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (_, short, long) => {
    const point = Number.parseInt(short ?? long, 16);
    if (point > 0x10ffff) throw corrupt('a text of the pickle holds a character that does not exist');
    return String.fromCodePoint(point);
  });
}

export function decimalFloat(line: string): number {
  const text = line.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  const special = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i.exec(text);
  if (!special) throw corrupt('a number of the pickle is none');
  if (!special[2]) return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export function decimalInteger(line: string): number | bigint {
  const text = line.trim();
  if (text.length > LIMITS.digits || !/^[+-]?\d+$/.test(text)) throw corrupt('an integer of the pickle is none');
  return simplest(BigInt(text.startsWith('+') ? text.slice(1) : text));
}

/** Two's complement, the least byte first. */
export function binaryInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  return simplest(BigInt.asIntN(8 * bytes.length, value));
}

/** A number wherever one is exact. */
function simplest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
